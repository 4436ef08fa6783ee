using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace LoraOnnx.EndToEnd.Tests;

/// <summary>The options that a program's own help names, those of its commands included.</summary>
internal static partial class ProgramHelp
{
    private static readonly ConcurrentDictionary<string, IReadOnlySet<string>> _options = new();

    public static IReadOnlySet<string> OptionsOf(string program) => _options.GetOrAdd(program, Read);

    private static HashSet<string> Read(string program)
    {
        var help = Programs.Succeed(program, "--help").Output;
        var commands = Commands().Match(help).Groups[1].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Trim().Split(' ')[0]).Where(word => word.Length > 0 && char.IsLetter(word[0]));
        return [.. Options().Matches(string.Join('\n', [help, .. commands.Select(command => Programs.Succeed(program, command, "--help").Output)]))
            .Select(option => option.Value)];
    }

    [GeneratedRegex(@"^Commands:\n((?: .*\n?)*)", RegexOptions.Multiline)]
    private static partial Regex Commands();

    [GeneratedRegex(@"(?<![\w-])--[a-z][a-z0-9-]*")]
    private static partial Regex Options();
}
