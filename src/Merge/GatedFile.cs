using System.Globalization;
using LoraOnnx.Graph;
using LoraOnnx.Graph.Rounding;
using LoraOnnx.Inference;
using LoraOnnx.Merge.Layouts;
using LoraOnnx.Merge.Rounding;
using LoraOnnx.Model.Checkpoints;

namespace LoraOnnx.Merge;

/// <summary>The file in fewer bits beside an fp32 file, and the report of the gate that it passed.</summary>
internal static class GatedFile
{
    /// <summary>Writes both into the folder of the fp32 file <paramref name="exact"/>, which is run for comparison, as any other program would run
    /// either.</summary>
    /// <exception cref="InputException">The gate was not passed.</exception>
    public static GateReport Stage(string exact, ModelWeights merged, MergeInput input, MergeOptions options, CancellationToken cancellationToken)
    {
        var file = ModelFiles.InPrecision(exact, options.Precision);
        var gate = new GateRun(exact, input, options, cancellationToken);
        GateReport? report = null;
        var plan = RoundingPlan.Plain;
        foreach (var next in Plans(merged, input, options, cancellationToken))
        {
            plan = next;
            Write(file, merged, input, options, plan);
            report = gate.Measure(file, merged, plan);
            if (report.Passed)
            {
                break;
            }

            VisibleLines.Tell($"{report.Precision} with {Kept(plan, merged)}: {report}");
        }

        if (report is not { Passed: true })
        {
            throw options.Layout == LayoutKind.Hub
                ? InputException.InFile(options.Out, $"int8 does not pass the accuracy gate: {report}.",
                    "--layout hub --precision fp32 writes the fp32 file alone; or give texts of your own with --verify-data.")
                : AccuracyGate.Refusal(options.Out, report!); // there is at least one plan
        }

        using (var finished = new FileStream(file, FileMode.Open, FileAccess.ReadWrite))
        {
            OnnxMetadata.Append(finished, Shown(report));
            finished.Flush(flushToDisk: true);
        }

        if (PrecisionName.IsRounded(options.Precision))
        {
            VisibleLines.Tell($"{report.Precision}: {Kept(plan, merged)}{Names(plan)}");
        }

        report = report with
        {
            ModelSha256 = ContentHash.OfFile(file),
            ExactSha256 = ContentHash.OfFile(exact),
            ExactMatrices = PrecisionName.IsRounded(options.Precision) ? [.. plan.Exact.Order(StringComparer.Ordinal)] : null,
        };
        report.Write(GateReport.PathFor(exact, options.Precision));
        return report;
    }

    private static IEnumerable<RoundingPlan> Plans(
        ModelWeights merged, MergeInput input, MergeOptions options, CancellationToken cancellationToken) =>
        PrecisionName.IsRounded(options.Precision) ? new RoundingSearch(input, merged, options, cancellationToken).Plans() : [RoundingPlan.Plain];

    /// <summary>Says how much stays in fp32.</summary>
    private static string Kept(RoundingPlan plan, ModelWeights weights) => plan.Exact.Count == 0
        ? "all matrices in 8 bits"
        : string.Create(CultureInfo.InvariantCulture,
            $"{RoundingSearch.ExactShare(plan, weights):P0} of the products in fp32, {plan.Exact.Count} matrices");

    /// <summary>Which they are, for the file that is written.</summary>
    private static string Names(RoundingPlan plan) => plan.Exact.Count == 0 ? "" : $": {string.Join(", ", plan.Exact.Order(StringComparer.Ordinal))}";

    private static void Write(string file, ModelWeights merged, MergeInput input, MergeOptions options, RoundingPlan plan)
    {
        var metadata = new Dictionary<string, string>(
            input.Metadata.Where(entry => !entry.Key.StartsWith(OnnxMetadata.Verification, StringComparison.Ordinal)))
        {
            [OnnxMetadata.Precision] = EnumNames.Of(options.Precision),
        };
        if (plan.Exact.Count > 0)
        {
            metadata[OnnxMetadata.ExactMatrices] = string.Join(',', plan.Exact.Order(StringComparer.Ordinal));
        }

        using var stream = File.Create(file); // says nothing yet of what was shown
        OnnxModelFile.Write(stream, merged, options.Opset, metadata, options.Precision, options.Layout == LayoutKind.Hub, plan);
    }

    private static Dictionary<string, string> Shown(GateReport report) => new()
    {
        [OnnxMetadata.Verification] = OnnxMetadata.GatePassed,
        [OnnxMetadata.VerificationTexts] = report.Texts.ToString(CultureInfo.InvariantCulture),
        [OnnxMetadata.VerificationSample] = report.Sample,
        [OnnxMetadata.VerificationCpu] = CpuInstructions.Text,
        [OnnxMetadata.GateAgreement] = report.LabelAgreement.ToString("G6", CultureInfo.InvariantCulture),
        [OnnxMetadata.GateMeanChange] = report.MeanProbabilityChange.ToString("G3", CultureInfo.InvariantCulture),
    };
}
