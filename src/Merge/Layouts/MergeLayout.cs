using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using LoraOnnx.Inference;

namespace LoraOnnx.Merge.Layouts;

/// <summary>For whom the files of a merge are laid out.</summary>
internal enum LayoutKind
{
    /// <summary>One folder with the ONNX file, config and tokenizer.</summary>
    [JsonStringEnumMemberName("plain")]
    Plain,

    /// <summary>A repository of the hub as transformers.js and optimum load it.</summary>
    [JsonStringEnumMemberName("hub")]
    Hub,

    /// <summary>A model repository of Triton Inference Server.</summary>
    [JsonStringEnumMemberName("triton")]
    Triton,
}

/// <summary>Where the files of a merge go.</summary>
/// <param name="Kind">For whom.</param>
/// <param name="Root">The folder that everything goes into.</param>
/// <param name="Companions">Folder of config and tokenizer below <paramref name="Root"/>, empty for itself.</param>
/// <param name="ModelFile">The ONNX file below <paramref name="Root"/>.</param>
internal sealed partial record MergeLayout(LayoutKind Kind, string Root, string Companions, string ModelFile)
{
    /// <summary>The version that a model repository begins with.</summary>
    private const string FirstVersion = "1";

    /// <summary>The ONNX file as a message names it.</summary>
    public string Target => Path.Combine(Root, ModelFile);

    /// <summary>Name of the model in a repository of several.</summary>
    public string ModelName => Companions;

    /// <summary>The layout of <paramref name="output"/>: an ONNX file where it is plain, else a folder (or <c>FOLDER/model.onnx</c>, which means
    /// it).</summary>
    public static MergeLayout Of(LayoutKind kind, string output, string modelName)
    {
        var folder = kind != LayoutKind.Plain && !output.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase) ? output
            : Path.GetDirectoryName(output) is { Length: > 0 } named ? named : ".";
        return kind switch
        {
            LayoutKind.Plain => new MergeLayout(kind, Path.GetDirectoryName(output) ?? "", "", Path.GetFileName(output)),
            LayoutKind.Hub => new MergeLayout(kind, folder, "", Path.Combine(ModelFiles.HubFolder, ModelFiles.Model)),
            _ => Triton(folder, NotInNames().Replace(modelName, "-").Trim('-', '.') is { Length: > 0 } name ? name : "model"),
        };
    }

    private static MergeLayout Triton(string folder, string name) =>
        new(LayoutKind.Triton, folder, name, Path.Combine(name, FirstVersion, ModelFiles.Model));

    [GeneratedRegex("[^A-Za-z0-9_.-]+")]
    private static partial Regex NotInNames();
}
