using System.Text.RegularExpressions;
using LoraOnnx.Inference;
using LoraOnnx.Inference.Variants;

namespace LoraOnnx.Serving.Models;

/// <summary>What a user asks to serve: a name, perhaps a version, and where the files are.</summary>
internal sealed partial record ModelSource(string Name, string Version, string Path)
{
    /// <summary>Longest name or version.</summary>
    public const int LongestName = 64;

    /// <summary>Digits of a file's SHA-256 that make a version.</summary>
    private const int HashDigits = 12;

    /// <summary>SHA-256 of the ONNX file that <see cref="Version"/> belongs to; null: to whatever is found.</summary>
    public string? VersionedHash { get; init; }

    /// <summary>Set where the path is that of an adapter or a head, which runs on another model.</summary>
    public VariantSource? Variant { get; init; }

    /// <summary>Name of the model that a variant runs on; null: the one whose weights it was trained on, or the only one.</summary>
    public string? Base { get; init; }

    /// <summary>Reads <c>[NAME[@VERSION]=]PATH</c>; without a name, the directory that the ONNX file is in gives it.</summary>
    /// <exception cref="InputException">The name or version has other characters than letters, digits, '-', '_' and '.'.</exception>
    public static ModelSource Parse(string argument)
    {
        var equals = argument.IndexOf('=', StringComparison.Ordinal);
        var (label, path) = equals < 0 ? ("", argument) : (argument[..equals], argument[(equals + 1)..]);
        if (path.Length == 0)
        {
            throw new InputException($"--model '{argument}' names no path.", "write --model PATH or --model NAME=PATH.");
        }

        var at = label.IndexOf('@', StringComparison.Ordinal);
        var (name, version) = at < 0 ? (label, "") : (label[..at], label[(at + 1)..]);
        if (equals < 0)
        {
            name = NameFor(path);
        }

        if (!IsName(name) || (at >= 0 && !IsName(version)))
        {
            throw new InputException($"--model '{argument}': '{(IsName(name)
                ? version
                : name)}' is not a name; expected letters, digits, '-', '_' and '.', at most {LongestName}.",
                "give the model a name: --model NAME=PATH.");
        }

        return new ModelSource(name, version, path);
    }

    /// <summary>The version of an ONNX file: the one given, or its hash where none was given or it belongs to another file.</summary>
    public string VersionFor(string hash) => Version.Length > 0 && (VersionedHash is null || VersionedHash == hash) ? Version : hash[..HashDigits];

    /// <summary>Whether a model can be called so.</summary>
    public static bool IsName(string name) => name.Length <= LongestName && NamePattern().IsMatch(name);

    private static string NameFor(string path)
    {
        var name = System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(ModelFiles.DirectoryOf(path)));
        return Unnameable().Replace(name, "-");
    }

    [GeneratedRegex(@"\A[A-Za-z0-9._-]+\z")]
    private static partial Regex NamePattern();

    [GeneratedRegex("[^A-Za-z0-9._-]")]
    private static partial Regex Unnameable();
}
