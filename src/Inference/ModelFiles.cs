using System.Globalization;
using LoraOnnx.Graph;
using LoraOnnx.Inference.Variants;
using LoraOnnx.Model.Checkpoints;
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

    private const string Expected = "give an ONNX file of lora-merge or its directory.";

    /// <summary>Folder of the ONNX files in the layout of the hub; config and tokenizer stand above it.</summary>
    public const string HubFolder = "onnx";

    /// <summary>The name of a model file in another precision: model.onnx is model.int8.onnx in int8, and the other way round; in the layout of the
    /// hub it is model_int8.onnx.</summary>
    public static string InPrecision(string file, Precision precision)
    {
        var (exact, before) = (file, IsInHubLayout(file) ? '_' : '.');
        foreach (var name in EnumNames.All<Precision>())
        {
            var suffix = $"{before}{name}.onnx";
            exact = file.EndsWith(suffix, StringComparison.Ordinal) ? file[..^suffix.Length] + ".onnx" : exact;
        }

        return precision == Precision.Fp32 ? exact : $"{Path.ChangeExtension(exact, null)}{before}{EnumNames.Of(precision)}.onnx";
    }

    /// <summary>The file in a precision that lora-merge wrote beside a model, or null. What others call model_int8.onnx has no gate's report, and
    /// rounds a batch with one scale.</summary>
    internal static string? FindInPrecision(string file, Precision precision) => InPrecision(file, precision) is var ready && File.Exists(ready)
        && (!IsInHubLayout(file) || File.Exists(GateReport.PathFor(file, precision))) ? ready : null;

    /// <summary>The model file meant by a path: itself, or that of a directory in any of the layouts that people have: its own model.onnx, optimum's
    /// onnx/model.onnx, Triton's NAME/1/model.onnx (the highest version).</summary>
    /// <exception cref="InputException">There is no such file.</exception>
    public static string Find(string path)
    {
        if (File.Exists(path))
        {
            return path;
        }

        if (!Directory.Exists(path))
        {
            throw InputException.InFile(path, "no such file or directory.", $"{Expected} {NearbyNames.Of(path)}".TrimEnd());
        }

        if (TryFind(path) is { } file)
        {
            return file;
        }

        if (File.Exists(Path.Combine(path, VariantSource.AdapterConfig)))
        {
            throw InputException.InFile(path, $"is an adapter: it has {VariantSource.AdapterConfig} and no {Model}.",
                "lora-merge --model BASE --adapter DIR makes a model of it; lora-serve takes it as --adapter NAME=DIR beside its base.");
        }

        var others = Directory.GetFiles(path, "*.onnx");
        throw others.Length == 0
            ? InputException.InFile(path, $"has no {Model}, nor {HubFolder}/{Model} or 1/{Model}.",
                PathKinds.Of(path) switch
                {
                    PathKind.Run => $"it is a run: lora-merge --run {path} --out model.onnx makes its ONNX file.",
                    PathKind.Head => $"it is a head: lora-merge --model BASE --head {path} --out model.onnx makes an ONNX file of it.",
                    PathKind.Checkpoint => $"lora-merge makes one of a checkpoint: lora-merge --model {path} --out model.onnx.",
                    PathKind.Sweep or PathKind.RunsOfValues => $"lora-merge makes one of a run; {PathKinds.OneOfSeveral(path)}",
                    _ => $"{Expected} {NearbyNames.Of(Path.Combine(path, Model))}".TrimEnd(),
                })
            : InputException.InFile(path, $"has no {Model} but {others.Length} other ONNX files.", "name the file.");
    }

    /// <summary>The model file of a directory, or null where it has none or several of other names.</summary>
    public static string? TryFind(string directory)
    {
        if (!Directory.Exists(directory))
        {
            return null;
        }

        var versions = Directory.GetDirectories(directory).Select(folder => (Folder: folder, Version: Number(Path.GetFileName(folder))))
            .Where(entry => entry.Version is not null).OrderByDescending(entry => entry.Version).Select(entry => entry.Folder);
        string[] folders = [directory, Path.Combine(directory, HubFolder), .. versions];
        return folders.Select(folder => Path.Combine(folder, Model)).FirstOrDefault(File.Exists)
            ?? (Directory.GetFiles(directory, "*.onnx") is [var only] ? only : null);
    }

    /// <summary>The directory that a path to an ONNX file or its directory is about: calibration.json and golden.jsonl stand in it.</summary>
    public static string DirectoryOf(string path)
    {
        var full = Path.GetFullPath(path);
        return File.Exists(full) ? CompanionsOf(full) : full;
    }

    /// <summary>Where config.json and the tokenizer of a model file stand: beside it, or in the directory above it, as the layouts of optimum and
    /// Triton have it.</summary>
    public static string CompanionsOf(string file)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(file))!; // a file always has a directory
        var above = Path.GetDirectoryName(folder);
        return above is not null && !File.Exists(Path.Combine(folder, ModelConfig.FileName)) && File.Exists(Path.Combine(above, ModelConfig.FileName))
            && (Path.GetFileName(folder) == HubFolder || Number(Path.GetFileName(folder)) is not null) ? above : folder;
    }

    private static int? Number(string name) => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static bool IsInHubLayout(string file) => Path.GetDirectoryName(Path.GetFullPath(file)) is { } folder
        && Path.GetFileName(folder) == HubFolder && CompanionsOf(file) != folder;
}
