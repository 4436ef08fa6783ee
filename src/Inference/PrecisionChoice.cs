using LoraOnnx.Graph;
using LoraOnnx.Model;

namespace LoraOnnx.Inference;

/// <summary>Which file of a model runs and in which precision, by name; <see cref="FastForms"/> finds the one for
/// <see cref="PrecisionRule.Fast"/>.</summary>
/// <param name="ModelFile">The ONNX file.</param>
/// <param name="Precision">What to make of its weights, or null: as they are.</param>
/// <param name="Onnx">The file's content, read once.</param>
internal sealed record PrecisionChoice(string ModelFile, Precision? Precision, OnnxModel Onnx)
{
    /// <summary>Chooses for a file or directory.</summary>
    /// <exception cref="InputException">There is no file.</exception>
    public static PrecisionChoice Of(string path, InferenceOptions options) => options.Precision?.Precision switch
    {
        null => AsItIs(path),
        Graph.Precision.Bf16 => Bf16(ModelFiles.Find(path), options),
        { } precision => In(path, precision),
    };

    /// <summary>The file as it is, or that of a directory.</summary>
    public static PrecisionChoice AsItIs(string path)
    {
        var file = ModelFiles.Find(path);
        return new PrecisionChoice(file, null, OnnxModel.Read(file));
    }

    /// <summary>The fp32 file of a directory, of which other forms are made and beside which their files stand.</summary>
    public static string? Exact(string directory) => ModelFiles.TryFind(directory) is { } file && Path.GetFileName(file) == ModelFiles.Model
        ? file
        : null;

    /// <summary>The file in a precision where there is one, else the file that it is made of.</summary>
    public static PrecisionChoice In(string path, Precision precision)
    {
        var ready = Directory.Exists(path) ? ModelFiles.FindInPrecision(Exact(path) ?? Path.Combine(path, ModelFiles.Model), precision)
            : File.Exists(path) ? path : null;
        var file = ready ?? ModelFiles.Find(path);
        return new PrecisionChoice(file, precision, OnnxModel.Read(file));
    }

    /// <summary>bf16 is made of the weights on load; where it cannot be had, the file runs as it is, and one line says so.</summary>
    private static PrecisionChoice Bf16(string file, InferenceOptions options)
    {
        var refusal = RuntimeDevice.Resolve(options) == ComputeDevice.Cuda ? "it is for CPUs" : Bf16Support.Refusal;
        if (refusal is not null)
        {
            options.Log?.Invoke($"{file}: bf16 cannot be had: {refusal}; the file runs in its own precision.");
        }

        return new PrecisionChoice(file, refusal is null ? Graph.Precision.Bf16 : null, OnnxModel.Read(file));
    }
}
