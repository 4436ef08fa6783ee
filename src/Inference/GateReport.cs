using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using LoraOnnx.Graph;

namespace LoraOnnx.Inference;

/// <summary>What an <see cref="AccuracyGate"/> measured; <c>model.int8.gate.json</c> and the like beside a model.</summary>
public sealed record GateReport
{
    /// <summary>Name of the precision that was measured against fp32.</summary>
    public required string Precision { get; init; }

    /// <summary>True when every figure is within its limit.</summary>
    public required bool Passed { get; init; }

    /// <summary><c>embedded</c>, or the name of the file of texts.</summary>
    public required string Sample { get; init; }

    private const int LargestReport = 1 << 20;

    /// <summary>Number of texts.</summary>
    public required int Texts { get; init; }

    /// <summary>Share of texts with the same answer, 0 to 1; of a multi-label model, with the same set of labels.</summary>
    public required double LabelAgreement { get; init; }

    /// <summary>Largest change of a probability.</summary>
    public required double LargestProbabilityChange { get; init; }

    /// <summary>Mean change of a probability, over texts and classes.</summary>
    public required double MeanProbabilityChange { get; init; }

    /// <summary>F1 of the fp32 model, 0 to 1. Where the texts have no labels, its own answers stand for them.</summary>
    public required double F1Exact { get; init; }

    /// <summary>F1 in the precision measured.</summary>
    public required double F1 { get; init; }

    /// <summary><see cref="F1"/> minus <see cref="F1Exact"/>.</summary>
    public required double F1Change { get; init; }

    /// <summary>The least agreement that passes.</summary>
    public required double LabelAgreementLimit { get; init; }

    /// <summary>The largest mean change that passes.</summary>
    public required double MeanProbabilityChangeLimit { get; init; }

    /// <summary>The largest loss of F1 that passes.</summary>
    public required double F1LossLimit { get; init; }

    /// <summary>The CPU's instructions for this precision, or "none".</summary>
    public required string Cpu { get; init; }

    /// <summary>Whether it was measured with the instructions of this CPU; where not, its figures are not this machine's.</summary>
    [JsonIgnore]
    public bool IsOfThisCpu => IsOf(new InferenceOptions());

    /// <summary>The same where a model runs as these options say.</summary>
    internal bool IsOf(InferenceOptions options) =>
        Cpu == (CpuInstructions.Of(PrecisionName.Parse(Precision), options.UsesKernels) ?? "none");

    /// <summary>Keys of the matrices that stayed in fp32 so that the gate was passed; null in reports that do not say.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? ExactMatrices { get; init; }

    /// <summary>SHA-256 of the file that was measured; of the fp32 file where the weights were made from it on load.</summary>
    public required string ModelSha256 { get; init; }

    /// <summary>SHA-256 of the fp32 file that it was measured against.</summary>
    public required string ExactSha256 { get; init; }

    /// <summary>Where the report about a file in a precision stands.</summary>
    public static string PathFor(string file, Precision precision) => Path.ChangeExtension(ModelFiles.InPrecision(file, precision), ".gate.json");

    /// <summary>The report about the file with this hash, or null when there is none or it is about another file.</summary>
    /// <exception cref="InputException">The report is malformed.</exception>
    public static GateReport? Find(string file, string hash, Precision precision)
    {
        var path = PathFor(file, precision);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            var report = JsonSerializer.Deserialize(
                ForeignFile.ReadBytes(path, LargestReport, "a gate report", CancellationToken.None), GateJson.Default.GateReport);
            return report is not null && report.Precision == EnumNames.Of(precision) && (report.ModelSha256 == hash || report.ExactSha256 == hash)
                ? report
                : null;
        }
        catch (JsonException failure)
        {
            throw InputException.InFile(path, $"is not a gate report: {failure.Message}",
                "remove it; lora-merge --precision and lora-serve --precision write it anew.", failure);
        }
    }

    /// <summary>Writes the report, atomically.</summary>
    public void Write(string path) => AtomicFile.WriteText(path, JsonSerializer.Serialize(this, GateJson.Default.GateReport) + "\n");

    /// <summary>The figures in one line.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"label agreement {LabelAgreement:P1} on {Texts} texts, probabilities change by {MeanProbabilityChange:F4} (largest "
            + $"{LargestProbabilityChange:F3}), F1 by {100 * F1Change:+0.0;-0.0;0.0} points");
}

/// <summary>A report's JSON, by code that the compiler generates.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(GateReport))]
internal sealed partial class GateJson : JsonSerializerContext;
