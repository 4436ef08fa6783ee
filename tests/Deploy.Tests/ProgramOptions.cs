using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace LoraOnnx.Deploy.Tests;

/// <summary>The options that a program says it has.</summary>
internal static partial class ProgramOptions
{
    private static readonly ConcurrentDictionary<string, HashSet<string>> _known = new();

    /// <summary>Fails where an argument is an option that the program's --help does not name.</summary>
    public static void Check(string program, IEnumerable<string> arguments)
    {
        var known = _known.GetOrAdd(program, name => [.. OptionName().Matches(Command.Run(Repository.Path("bin", name), ["--help"]).Output)
            .Select(match => match.Value)]);
        var unknown = arguments.Where(argument => argument.StartsWith("--", StringComparison.Ordinal)).Select(argument => argument.Split('=')[0])
            .Where(option => !known.Contains(option)).ToArray();
        Assert.True(unknown.Length == 0, $"{program} has no {string.Join(", ", unknown)}.");
    }

    [GeneratedRegex(@"(?<=^  )--[a-z-]+", RegexOptions.Multiline)]
    private static partial Regex OptionName();
}
