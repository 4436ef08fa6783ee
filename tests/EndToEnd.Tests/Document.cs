using System.Text.RegularExpressions;

namespace LoraOnnx.EndToEnd.Tests;

/// <summary>A call of a program as a document gives it.</summary>
internal sealed record ProgramCall(string Program, IReadOnlyList<string> Options);

/// <summary>README.md and docs/: what they tell people to type.</summary>
internal static partial class Document
{
    public static IEnumerable<string> All => ["README.md",
        .. Directory.GetFiles(Repository.Path("docs"), "*.md").Select(path => $"docs/{Path.GetFileName(path)}").Order(StringComparer.Ordinal)];

    /// <summary>The lines of its blocks without a language, each with what continues it.</summary>
    public static IEnumerable<string> CommandsIn(string document) => Block().Matches(Text(document))
        .SelectMany(block => block.Groups[1].Value.Replace("\\\n", "", StringComparison.Ordinal).Split('\n', StringSplitOptions.RemoveEmptyEntries));

    /// <summary>All <c>lora-program --option ...</c> in blocks and between backticks.</summary>
    public static IEnumerable<ProgramCall> ProgramCallsIn(string document) =>
        Call().Matches(Text(document).Replace("\\\n", "", StringComparison.Ordinal))
            .Select(call => new ProgramCall(call.Groups[1].Value, [.. Option().Matches(call.Groups[2].Value).Select(option => option.Value.Trim())]));

    private static string Text(string document) => File.ReadAllText(Repository.Path(document.Split('/')));

    [GeneratedRegex(@"^```\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Block();

    [GeneratedRegex(@"(?<![\w/-])(?:bin/)?(lora-(?:train|merge|serve|score|compare))((?:[ \n]+[^`\n#]+)?)")]
    private static partial Regex Call();

    [GeneratedRegex(@"(?<= )--[a-z][a-z0-9-]*")]
    private static partial Regex Option();
}
