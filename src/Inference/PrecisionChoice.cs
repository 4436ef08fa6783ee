using LoraOnnx.Graph;

namespace LoraOnnx.Inference;

/// <summary>Which file of a model runs and in which precision.</summary>
/// <param name="ModelFile">The ONNX file.</param>
/// <param name="Precision">What to make of its weights, or null: as they are.</param>
internal readonly record struct PrecisionChoice(string ModelFile, Precision? Precision)
{
    private const string Auto = "auto";

    /// <summary>Chooses for a file or directory; <c>auto</c> logs one line on what it chose and why.</summary>
    /// <exception cref="InputException">There is no file, or the precision is unknown.</exception>
    public static PrecisionChoice Of(string path, InferenceOptions options)
    {
        switch (options.Precision)
        {
            case null:
                return new PrecisionChoice(ModelFiles.Find(path), null);
            case Auto:
                var (choice, reason) = Automatic(path, options);
                options.Log?.Invoke($"{choice.ModelFile}: precision {(choice.Precision is { } chosen ? EnumNames.Of(chosen) : "as in the file")}: {reason}");
                return choice;
            default:
                var precision = PrecisionName.Parse(options.Precision);
                var ready = Directory.Exists(path) ? Path.Combine(path, ModelFiles.InPrecision(ModelFiles.Model, precision)) : path;
                return new PrecisionChoice(File.Exists(ready) ? ready : ModelFiles.Find(path), precision);
        }
    }

    private static (PrecisionChoice Choice, string Reason) Automatic(string path, InferenceOptions options)
    {
        var exact = ModelFiles.Find(path);
        if (!Directory.Exists(path) || Path.GetFileName(exact) != ModelFiles.Model)
        {
            return (new PrecisionChoice(exact, null), "the file was named, or is the only one.");
        }

        var asIs = new PrecisionChoice(exact, null);
        if (RuntimeDevice.Resolve(options) == RuntimeDevice.Cuda)
        {
            return (asIs, "8-bit forms are for CPUs; --precision fp16 is the GPU's fast one.");
        }

        if (Int8Support.Instructions is not { } instructions)
        {
            return (asIs, "this CPU has no 8-bit dot products (VNNI), int8 would be slower.");
        }

        var ready = ModelFiles.InPrecision(exact, Graph.Precision.Int8);
        var file = File.Exists(ready) ? ready : exact;
        if (!File.Exists(GateReport.PathFor(exact, Graph.Precision.Int8)) || GateReport.Find(file, ContentHash.OfFile(file), Graph.Precision.Int8) is not { } gate)
        {
            return (asIs, "no accuracy gate for int8 stands beside the model; lora-merge --precision int8 writes one.");
        }

        return gate switch
        {
            { Passed: false } => (asIs, $"int8 did not pass its accuracy gate: {gate}."),
            { Cpu: "none" } => (asIs, "the accuracy gate of int8 was measured on a CPU without 8-bit dot products."),
            _ => (new PrecisionChoice(file, Graph.Precision.Int8), $"this CPU has {instructions}, and int8 passed its accuracy gate: {gate}."),
        };
    }
}
