using System.Globalization;
using LoraOnnx.Graph;
using LoraOnnx.Inference;
using LoraOnnx.Merge.Layouts;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Reference;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Texts;

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
        var metadata = new Dictionary<string, string>(
            input.Metadata.Where(entry => !entry.Key.StartsWith(OnnxMetadata.Verification, StringComparison.Ordinal)))
        {
            [OnnxMetadata.Precision] = EnumNames.Of(options.Precision),
        };
        using (var stream = File.Create(file)) // says nothing yet of what was shown
        {
            OnnxModelFile.Write(stream, merged, options.Opset, metadata, options.Precision, takesTokenTypes: options.Layout == LayoutKind.Hub);
        }

        var report = Measure(exact, file, input, options, cancellationToken);
        if (!report.Passed)
        {
            throw options.Layout == LayoutKind.Hub
                ? InputException.InFile(options.Out, $"int8 does not pass the accuracy gate: {report}.",
                    "--layout hub --precision fp32 writes the fp32 file alone; or give texts of your own with --verify-data.")
                : AccuracyGate.Refusal(options.Out, report);
        }

        using (var finished = new FileStream(file, FileMode.Open, FileAccess.ReadWrite))
        {
            OnnxMetadata.Append(finished, Shown(report));
            finished.Flush(flushToDisk: true);
        }

        report = report with { ModelSha256 = ContentHash.OfFile(file), ExactSha256 = ContentHash.OfFile(exact) };
        report.Write(GateReport.PathFor(exact, options.Precision));
        return report;
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

    private static GateReport Measure(string exact, string file, MergeInput input, MergeOptions options, CancellationToken cancellationToken)
    {
        var tokenizer = TextTokenizer.Load(input.BaseDirectory);
        var task = input.Weights.Config.Task;
        var labelled = options.VerifyData is { } data ? LabelledTexts.Read(data, options.Texts, task, TextNotices.None, null, cancellationToken)
            .ToList() : null;
        var texts = labelled?.Select(text => text.Text) ?? ReferenceTexts.ShortTexts;
        EncodedText[] encoded = [.. texts.Select(text => tokenizer.Encode(text, input.MaxTokens, input.Truncation))];
        var cpu = new InferenceOptions { Device = "cpu" };
        using var before = PortableModel.Open(exact, cpu);
        using var after = PortableModel.Open(file, cpu);
        var report = AccuracyGate.Measure(
            options.Precision, Run(before), Run(after), encoded, labelled?.Select(text => text.Labels).ToList(), task, cancellationToken);
        return labelled is null ? report : report with { Sample = Path.GetFileName(options.VerifyData)! }; // a file was given
    }

    private static RunTexts Run(PortableModel model) =>
        (batch, cancellationToken) => model.Run([.. batch.Select(text => text.Ids)], cancellationToken);
}
