using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace LoraOnnx.EndToEnd.Tests;

/// <summary>An option as a help tells it.</summary>
/// <param name="Name">The first of its names, with its dashes.</param>
/// <param name="Value">What stands behind it; empty: nothing.</param>
/// <param name="Words">The description, without marks.</param>
/// <param name="Default">What holds without it; null: not told.</param>
/// <param name="IsRequired">Whether it is marked so.</param>
internal sealed record HelpOption(string Name, string Value, string Words, string? Default, bool IsRequired);

/// <summary>A program's own help, or that of a command in it.</summary>
internal sealed partial record ProgramHelp(string Call, string Text, IReadOnlyList<(string Title, IReadOnlyList<HelpOption> Options)> Groups)
{
    private static readonly ConcurrentDictionary<string, IReadOnlyList<ProgramHelp>> _pages = new();

    /// <summary>All programs, by their scripts.</summary>
    public static IEnumerable<string> All { get; } =
        [.. Directory.GetFiles(Repository.Path("bin"), "lora-*").Where(file => Path.GetExtension(file).Length == 0)
            .Select(file => Path.GetFileName(file)).Order()];

    /// <summary>Every option of it.</summary>
    public IEnumerable<HelpOption> Options => Groups.SelectMany(group => group.Options);

    /// <summary>A program's help, and those of its commands.</summary>
    public static IReadOnlyList<ProgramHelp> PagesOf(string program) => _pages.GetOrAdd(program, ReadAll);

    /// <summary>The options that a program's own help names, those of its commands included.</summary>
    public static IReadOnlySet<string> OptionsOf(string program) =>
        PagesOf(program).SelectMany(page => AnyOption().Matches(page.Text)).Select(option => option.Value).ToHashSet();

    private static List<ProgramHelp> ReadAll(string program)
    {
        var first = Read(program);
        return [first, .. Section(first.Text, "Commands").Where(line => line.Length > 2 && line[2] != ' ')
            .Select(line => Read(program, line.Trim().Split(' ')[0]))];
    }

    private static ProgramHelp Read(string program, params string[] command)
    {
        var text = Programs.Succeed(program, [.. command, "--help"]).Output;
        return new ProgramHelp(string.Join(' ', [program, .. command]), text,
            [.. Titles().Matches(text).Select(title => title.Groups[1].Value).Where(title => Section(text, title).Any(IsOption))
                .Select(title => (title, (IReadOnlyList<HelpOption>)[.. OptionsIn(Section(text, title))]))]);
    }

    /// <summary>The lines below a title, up to an empty one.</summary>
    private static IEnumerable<string> Section(string text, string title) =>
        text.Split('\n').SkipWhile(line => line != $"{title}:").Skip(1).TakeWhile(line => line.Length > 0);

    private static bool IsOption(string line) => line.StartsWith("  -", StringComparison.Ordinal);

    private static IEnumerable<HelpOption> OptionsIn(IEnumerable<string> lines)
    {
        var rows = new List<string>();
        foreach (var line in lines)
        {
            if (IsOption(line))
            {
                rows.Add(line);
            }
            else
            {
                rows[^1] += line; // the margin stays: names and words are apart by more than one space
            }
        }

        foreach (var row in rows.Select(row => TwoColumns().Match(row)))
        {
            var words = Spaces().Replace(row.Groups["words"].Value, " ");
            var told = Default().Match(words);
            yield return new HelpOption(row.Groups["name"].Value, row.Groups["value"].Value,
                words[..(told.Success ? told.Index : words.Length)].Replace("(required) ", "", StringComparison.Ordinal),
                told.Success ? told.Groups[1].Value : null, words.StartsWith("(required) ", StringComparison.Ordinal));
        }
    }

    [GeneratedRegex(@"^(\S.*):$", RegexOptions.Multiline)]
    private static partial Regex Titles();

    [GeneratedRegex(@"^  (?<name>--[a-z-]+)(?:, --?[a-z-]+)*(?: (?<value>\S+))?\s{2,}(?<words>.*)\z")]
    private static partial Regex TwoColumns();

    [GeneratedRegex(@" \[default: ([^\]]+)\]\z")]
    private static partial Regex Default();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    [GeneratedRegex(@"(?<![\w-])--[a-z][a-z0-9-]*")]
    private static partial Regex AnyOption();
}
