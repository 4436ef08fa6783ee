using LoraOnnx.Graph;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Reference;

namespace LoraOnnx.Inference;

/// <summary>The accuracy gate of a model that is loaded in fewer bits: a report beside it that was measured with this CPU's instructions, or a
/// measurement now.</summary>
internal static class LoadedGate
{
    /// <summary>The gate's report; null for a model that needs none.</summary>
    /// <exception cref="InputException">There is neither a report of this machine nor the fp32 weights to measure against.</exception>
    public static GateReport? Of(TextClassifier classifier, PrecisionChoice choice, InferenceOptions options)
    {
        var precision = classifier.Model.Precision;
        if (!CpuPrecision.Of(precision).IsGatedOnLoad)
        {
            return null;
        }

        var kept = GateReport.Find(choice.ModelFile, classifier.Model.Hash, precision);
        return kept is not null && kept.IsOf(options) ? kept : Measure(classifier, choice, precision, kept, options);
    }

    /// <summary>
    /// How a file is to run: without kernels where its gate was measured without them and there is nothing to measure them against.
    /// </summary>
    public static InferenceOptions AsMeasured(PrecisionChoice choice, ModelConfig config, InferenceOptions options)
    {
        var asNodes = options with { UsesKernels = false };
        return choice.Onnx.PrecisionFor(config) is { } own && PrecisionName.IsRounded(own) && !File.Exists(BesideInFp32(choice))
            && GateReport.Find(choice.ModelFile, choice.Onnx.Hash, own) is { } kept && !kept.IsOf(options) && kept.IsOf(asNodes) ? asNodes : options;
    }

    private static GateReport Measure(
        TextClassifier classifier, PrecisionChoice choice, Precision precision, GateReport? kept, InferenceOptions options)
    {
        var file = choice.ModelFile;
        var path = GateReport.PathFor(file, precision);
        using var exact = Exact(classifier, choice, options) ?? throw InputException.InFile(file, kept is null
                ? $"has no accuracy gate: {Path.GetFileName(path)} is missing or about another file."
                : $"has an accuracy gate that was measured with {kept.Cpu}, this CPU has "
                    + $"{CpuInstructions.Of(precision, options.UsesKernels) ?? "no such instructions"}, "
                    + "and no fp32 file stands beside it to measure again.",
            "lora-merge --precision writes it with the model; copy both, and the fp32 file.");
        var report = AccuracyGate.Measure(
            precision, exact.Run, classifier.Run, [.. ReferenceTexts.ShortTexts.Select(classifier.Encode)], null, classifier.Model.Task,
            CancellationToken.None)
            with
        {
            ModelSha256 = classifier.Model.Hash,
            ExactSha256 = exact.Model.Path == file ? classifier.Model.Hash : exact.Model.Hash,
            Cpu = CpuInstructions.Of(precision, options.UsesKernels) ?? "none",
        };
        options.Log?.Invoke($"{file}: accuracy gate of {report.Precision} {(report.Passed ? "passed" : "failed")}: {report}.");
        try
        {
            report.Write(path);
        }
        catch (InputException failure)
        {
            options.Log?.Invoke($"the gate's report was not kept, and the next start measures again: {failure.Message}");
        }

        return report;
    }

    /// <summary>The same model in fp32: of the file's own weights, or the file beside it; null where there is none.</summary>
    private static TextClassifier? Exact(TextClassifier classifier, PrecisionChoice choice, InferenceOptions options)
    {
        var config = classifier.Model.Config;
        if (choice.Onnx.PrecisionFor(config) is { } own && PrecisionName.CanMake(Precision.Fp32, own))
        {
            var fp32 = choice.Onnx.ToServingModel(config, Precision.Fp32)!; // not null: the precision of the weights is known
            return TextClassifier.OfServingModel(fp32, config, classifier.Tokenizer, choice.ModelFile, options, Precision.Fp32);
        }

        var beside = BesideInFp32(choice);
        return beside != choice.ModelFile && File.Exists(beside) ? TextClassifier.Load(beside, options with { Precision = null, Log = null }) : null;
    }

    private static string BesideInFp32(PrecisionChoice choice) => ModelFiles.InPrecision(choice.ModelFile, Precision.Fp32);
}
