using LoraOnnx.Graph;
using LoraOnnx.Model;

namespace LoraOnnx.Inference;

/// <summary>
/// What <see cref="PrecisionRule.Fast"/> takes: the forms of this processor, the fastest first, each behind its accuracy gate. bf16 needs no file, so
/// its gate is measured where no report about it stands beside the model; an 8-bit form is taken where somebody has it measured.
/// </summary>
internal sealed class FastForms(string path, InferenceOptions options)
{
    /// <summary>By what the benchmark measured on processors that have the instructions for all of them.</summary>
    private static readonly Precision[] _fastestFirst = [Precision.Int8Dynamic, Precision.Bf16, Precision.Int8];

    /// <summary>Loads the fastest form that passes, else the file as it is. Logs one line on which it is and why.</summary>
    public TextClassifier Load()
    {
        var reasons = new List<string>();
        foreach (var precision in Candidates(reasons))
        {
            if (TryLoad(precision, reasons) is { } classifier)
            {
                return Chosen(classifier, EnumNames.Of(precision), reasons);
            }
        }

        return Chosen(TextClassifier.Open(path, PrecisionChoice.AsItIs(path), options), "as in the file", reasons);
    }

    private Precision[] Candidates(List<string> reasons)
    {
        if (!Directory.Exists(path) || PrecisionChoice.Exact(path) is null)
        {
            reasons.Add("the file was named, or is the only one");
            return [];
        }

        if (RuntimeDevice.Resolve(options) == ComputeDevice.Cuda)
        {
            reasons.Add("bf16 and 8-bit forms are for CPUs, --precision fp16 is the GPU's fast one");
            return [];
        }

        return _fastestFirst;
    }

    /// <summary>The classifier in a precision, or null; says what speaks for or against it.</summary>
    private TextClassifier? TryLoad(Precision precision, List<string> reasons)
    {
        try
        {
            if (WhyNot(precision) is { } reason)
            {
                return Without(reason);
            }

            var choice = precision == Precision.Bf16
                ? PrecisionChoice.AsItIs(path) with { Precision = precision } : PrecisionChoice.In(path, precision);
            if (precision != Precision.Bf16 && GateReport.Find(choice.ModelFile, choice.Onnx.Hash, precision) is null)
            {
                return Without("the accuracy gate beside the model is about another file");
            }

            var classifier = TextClassifier.Open(path, choice, options);
            var gate = TextClassifier.DisposedUnless(classifier, () => LoadedGate.Of(classifier, choice, options)!); // these precisions have one
            if (!gate.Passed)
            {
                classifier.Dispose();
                return Without($"it did not pass its accuracy gate ({gate})");
            }

            reasons.Add($"this CPU has {CpuInstructions.Of(precision, options.UsesKernels)}, and {gate.Precision} passed its accuracy gate ({gate})");
            return classifier;
        }
        catch (InputException failure)
        {
            return Without(failure.Message);
        }

        TextClassifier? Without(string reason)
        {
            reasons.Add($"{EnumNames.Of(precision)}: {reason}");
            return null;
        }
    }

    /// <summary>What speaks against a precision before it is loaded; null: nothing.</summary>
    private string? WhyNot(Precision precision)
    {
        if (precision == Precision.Bf16)
        {
            return Bf16Support.Refusal;
        }

        if (CpuInstructions.Of(precision) is null)
        {
            return "this CPU has no 8-bit dot products (VNNI), it would be slower";
        }

        return File.Exists(GateReport.PathFor(PrecisionChoice.Exact(path)!, precision)) ? null
            : $"no accuracy gate stands beside the model, lora-merge --precision {EnumNames.Of(precision)} writes one";
    }

    private TextClassifier Chosen(TextClassifier classifier, string precision, List<string> reasons)
    {
        options.Log?.Invoke($"{path}: {PrecisionRule.Fast} is precision {precision}: {string.Join("; ", reasons)}.");
        return classifier;
    }
}
