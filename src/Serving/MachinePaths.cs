using System.Text.RegularExpressions;

namespace LoraOnnx.Serving;

/// <summary>What leaves the house names files, not where they lie on this machine.</summary>
internal static partial class MachinePaths
{
    /// <summary>The text with every absolute path cut to its last part.</summary>
    public static string Cut(string text) => WholePath().IsMatch(text)
        ? text.TrimEnd('/', '\\').Split('/', '\\')[^1]
        : PathInText().Replace(text, "$1");

    /// <summary>What a model's file says of itself, without paths.</summary>
    public static Dictionary<string, string> Cut(IReadOnlyDictionary<string, string> notes) =>
        notes.ToDictionary(note => note.Key, note => Cut(note.Value));

    /// <summary>A value that is nothing but a path, blanks included.</summary>
    [GeneratedRegex(@"\A(?:file://|~?/|[A-Za-z]:[\\/]|\\\\)[^:,;'""]*\z")]
    private static partial Regex WholePath();

    [GeneratedRegex(@"(?<![\w./\\<-])(?:file://)?(?:~?/|[A-Za-z]:[\\/]|\\\\)(?:[^\s:,;'""\\/]+[\\/])*([^\s:,;'""\\/]+)[\\/]?")]
    private static partial Regex PathInText();
}
