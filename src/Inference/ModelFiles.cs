using LoraOnnx.Graph;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Inference;

/// <summary>Names in an ONNX directory.</summary>
public static class ModelFiles
{
    /// <summary>The portable fp32 model.</summary>
    public const string Model = "model.onnx";

    /// <summary>Files that stand beside a model and travel with it when they exist.</summary>
    public static readonly IReadOnlyList<string> Companions = [ModelConfig.FileName, .. TextTokenizer.FileNames];

    /// <summary>The name of a model file in another precision: model.onnx is model.int8.onnx in int8, and the other way round.</summary>
    public static string InPrecision(string file, Precision precision)
    {
        var exact = file;
        foreach (var name in EnumNames.All<Precision>())
        {
            exact = file.EndsWith(Suffix(name), StringComparison.Ordinal) ? file[..^Suffix(name).Length] + ".onnx" : exact;
        }

        return precision == Precision.Fp32 ? exact : Path.ChangeExtension(exact, null) + Suffix(EnumNames.Of(precision));
    }

    /// <summary>The model file meant by a path: itself, or the model.onnx of a directory.</summary>
    /// <exception cref="InputException">There is no such file.</exception>
    public static string Find(string path)
    {
        if (File.Exists(path))
        {
            return path;
        }

        if (!Directory.Exists(path))
        {
            throw InputException.InFile(path, "no such file or directory.", "give an ONNX file or its directory.");
        }

        var file = Path.Combine(path, Model);
        if (File.Exists(file))
        {
            return file;
        }

        var others = Directory.GetFiles(path, "*.onnx");
        return others switch
        {
            [var only] => only,
            [] => throw InputException.InFile(path, $"has no {Model}.", "give an ONNX file or its directory; lora-merge makes one."),
            _ => throw InputException.InFile(path, $"has no {Model} but {others.Length} other ONNX files.", "name the file."),
        };
    }

    private static string Suffix(string precision) => $".{precision}.onnx";
}
