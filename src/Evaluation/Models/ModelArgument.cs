using System.Text.RegularExpressions;
using LoraOnnx.Client;

namespace LoraOnnx.Evaluation.Models;

/// <summary>A model as named on the command line: <c>[NAME=]PATH</c>, with a name that no other model has.</summary>
internal sealed partial record ModelArgument(string Name, string Path)
{
    /// <summary>True for <c>http://host:port/model</c>.</summary>
    public bool IsServer => ServerAddress.Is(Path);

    /// <summary>Reads all arguments; models without a name get that of their directory, made unique.</summary>
    /// <exception cref="InputException">A name is used twice or is not a name, or a server's address is none.</exception>
    public static IReadOnlyList<ModelArgument> ParseAll(IReadOnlyList<string> arguments)
    {
        var parsed = arguments.Select(Split).ToList();
        if (parsed.Find(pair => ServerAddress.Is(pair.Path) && !Uri.TryCreate(pair.Path, UriKind.Absolute, out _)) is { Path: { } wrong })
        {
            throw new InputException($"{wrong} is no address of a server.", "it is http://HOST:PORT/MODEL.");
        }

        var taken = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in parsed.Select(pair => pair.Name).OfType<string>())
        {
            if (!taken.Add(name))
            {
                throw new InputException($"the name '{name}' is given to two models.", "give each its own: raw=models/demo lora=runs/lora.");
            }
        }

        return [.. parsed.Select(pair => new ModelArgument(pair.Name ?? Unique(DefaultName(pair.Path), taken), pair.Path))];
    }

    private static (string? Name, string Path) Split(string argument)
    {
        var equals = argument.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0 || ServerAddress.Is(argument) || argument[..equals].Contains('/', StringComparison.Ordinal) || System.IO.Path.Exists(argument))
        {
            return (null, argument);
        }

        var (name, path) = (argument[..equals], argument[(equals + 1)..]);
        if (!WellFormed().IsMatch(name))
        {
            throw new InputException($"'{argument}': '{name}' is not a name, expected letters, digits, dashes and underscores, a letter first.",
                "for example lora-r8=runs/lora.");
        }

        return path.Length > 0 ? (name, path) : throw new InputException($"'{argument}': the path after '=' is empty.");
    }

    /// <summary>The directory's name; for an ONNX file that is not called model.onnx, with what its name adds: <c>lora/model.int8.onnx</c> is
    /// lora-int8.</summary>
    private static string DefaultName(string path)
    {
        if (ServerAddress.Is(path))
        {
            var address = new Uri(path);
            return Clean(address.AbsolutePath.Trim('/') is { Length: > 0 } model ? model : address.Host);
        }

        var full = System.IO.Path.GetFullPath(path).TrimEnd(System.IO.Path.DirectorySeparatorChar);
        if (!full.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase))
        {
            return Clean(System.IO.Path.GetFileName(full));
        }

        var folder = System.IO.Path.GetFileName(System.IO.Path.GetDirectoryName(full)) ?? "";
        var added = System.IO.Path.GetFileNameWithoutExtension(full) is var file && file.StartsWith("model", StringComparison.Ordinal)
            ? file[5..]
            : file;
        return Clean(added.Length == 0 ? folder : $"{folder}-{added.TrimStart('.', '-', '_')}");
    }

    private static string Clean(string name)
    {
        var clean = NotInNames().Replace(name, "-").Trim('-', '_');
        return clean.Length == 0 ? "model" : char.IsLetter(clean[0]) ? clean : $"model-{clean}";
    }

    private static string Unique(string name, HashSet<string> taken)
    {
        var unique = name;
        for (var number = 2; !taken.Add(unique); number++)
        {
            unique = $"{name}-{number}";
        }

        return unique;
    }

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9_-]*$")]
    private static partial Regex WellFormed();

    [GeneratedRegex("[^A-Za-z0-9_-]+")]
    private static partial Regex NotInNames();
}
