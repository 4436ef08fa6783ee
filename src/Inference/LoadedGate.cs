using LoraOnnx.Graph;
using LoraOnnx.Model.Reference;

namespace LoraOnnx.Inference;

/// <summary>The accuracy gate of a model that is loaded in 8 bits: a report beside it, or a measurement now.</summary>
internal static class LoadedGate
{
    /// <summary>Returns the classifier, or disposes it and throws.</summary>
    /// <exception cref="InputException">The gate is not passed, or there is neither a report nor the fp32 weights to measure against.</exception>
    public static TextClassifier Pass(TextClassifier classifier, string file, Precision? own, OnnxModel onnx, InferenceOptions options)
    {
        try
        {
            var precision = PrecisionName.Parse(classifier.Model.Precision);
            if (precision is Precision.Int8 or Precision.Int8Dynamic)
            {
                var report = GateReport.Find(file, classifier.Model.Hash, precision) ?? Measure(classifier, file, precision, own, onnx, options);
                if (!report.Passed)
                {
                    throw AccuracyGate.Refusal(file, report);
                }
            }

            return classifier;
        }
        catch
        {
            classifier.Dispose();
            throw;
        }
    }

    private static GateReport Measure(TextClassifier classifier, string file, Precision precision, Precision? own, OnnxModel onnx, InferenceOptions options)
    {
        var path = GateReport.PathFor(file, precision);
        if (own is not (Precision.Fp32 or Precision.Fp16))
        {
            throw InputException.InFile(file, $"has no accuracy gate: {Path.GetFileName(path)} is missing or about another file.", "lora-merge --precision writes it with the model; copy both.");
        }

        var config = classifier.Model.Config;
        var fp32 = onnx.ToServingModel(config, Precision.Fp32)!; // not null: the precision of the weights is known
        using var exact = TextClassifier.OfServingModel(fp32, config, classifier.Tokenizer, file, options, Precision.Fp32);
        var report = AccuracyGate.Measure(precision, exact.Run, classifier.Run, [.. ReferenceTexts.ShortTexts.Select(classifier.Encode)], null, config.Task, CancellationToken.None)
            with
        { ModelSha256 = classifier.Model.Hash, ExactSha256 = classifier.Model.Hash };
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
}
