using LoraOnnx.Graph;

namespace LoraOnnx.Inference;

/// <summary>Which file of a model runs and in which precision: the one rule of every program that asks for <see cref="Auto"/>.</summary>
/// <param name="ModelFile">The ONNX file.</param>
/// <param name="Precision">What to make of its weights, or null: as they are.</param>
/// <param name="Onnx">The file's content, read once.</param>
internal sealed record PrecisionChoice(string ModelFile, Precision? Precision, OnnxModel Onnx)
{
    /// <summary>The choice by machine and gate.</summary>
    public const string Auto = "auto";

    /// <summary>Chooses for a file or directory; <c>auto</c> logs one line on what it chose and why.</summary>
    /// <exception cref="InputException">There is no file, or the precision is unknown.</exception>
    public static PrecisionChoice Of(string path, InferenceOptions options)
    {
        switch (options.Precision)
        {
            case null:
                return AsItIs(ModelFiles.Find(path));
            case Auto:
                var (choice, reason) = Automatic(path, options);
                options.Log?.Invoke(
                    $"{choice.ModelFile}: precision {(choice.Precision is { } chosen ? EnumNames.Of(chosen) : "as in the file")}: {reason}");
                return choice;
            default:
                var precision = PrecisionName.Parse(options.Precision);
                if (precision == Graph.Precision.Bf16)
                {
                    return Bf16(ModelFiles.Find(path), options);
                }

                var ready = Directory.Exists(path) ? ModelFiles.FindInPrecision(Exact(path) ?? Path.Combine(path, ModelFiles.Model), precision)
                    : File.Exists(path) ? path : null;
                var file = ready ?? ModelFiles.Find(path);
                return new PrecisionChoice(file, precision, OnnxModel.Read(file));
        }
    }

    /// <summary>The file as it is.</summary>
    public static PrecisionChoice AsItIs(string file) => new(file, null, OnnxModel.Read(file));

    private static string? Exact(string directory) => ModelFiles.TryFind(directory) is { } file && Path.GetFileName(file) == ModelFiles.Model
        ? file
        : null;

    /// <summary>bf16 is made of the weights on load; where it cannot be had, the file runs as it is, and one line says so.</summary>
    private static PrecisionChoice Bf16(string file, InferenceOptions options)
    {
        var refusal = RuntimeDevice.Resolve(options) == RuntimeDevice.Cuda ? "it is for CPUs" : Bf16Support.Refusal;
        if (refusal is not null)
        {
            options.Log?.Invoke($"{file}: bf16 cannot be had: {refusal}; the file runs in its own precision.");
        }

        return new PrecisionChoice(file, refusal is null ? Graph.Precision.Bf16 : null, OnnxModel.Read(file));
    }

    private static (PrecisionChoice Choice, string Reason) Automatic(string path, InferenceOptions options)
    {
        if (!Directory.Exists(path) || Exact(path) is not { } exact)
        {
            return (AsItIs(ModelFiles.Find(path)), "the file was named, or is the only one.");
        }

        if (RuntimeDevice.Resolve(options) == RuntimeDevice.Cuda)
        {
            return (AsItIs(exact), "8-bit forms are for CPUs; --precision fp16 is the GPU's fast one.");
        }

        if (Int8Support.Instructions is not { } instructions)
        {
            return (AsItIs(exact), "this CPU has no 8-bit dot products (VNNI), int8 would be slower.");
        }

        var file = ModelFiles.FindInPrecision(exact, Graph.Precision.Int8) ?? exact;
        var candidate = new PrecisionChoice(file, Graph.Precision.Int8, OnnxModel.Read(file));
        return GateReport.Find(exact, candidate.Onnx.Hash, Graph.Precision.Int8) switch
        {
            null => (AsItIs(exact), "no accuracy gate for int8 stands beside the model; lora-merge --precision int8 writes one."),
            { IsOfThisCpu: false } gate =>
                (candidate, $"this CPU has {instructions}; the accuracy gate was measured with {gate.Cpu}, so it is measured again."),
            { Passed: false } gate => (AsItIs(exact), $"int8 did not pass its accuracy gate: {gate}."),
            var gate => (candidate, $"this CPU has {instructions}, and int8 passed its accuracy gate: {gate}."),
        };
    }
}
