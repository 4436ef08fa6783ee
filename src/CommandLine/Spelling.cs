using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;

namespace LoraOnnx.CommandLine;

/// <summary>What somebody may have meant.</summary>
public static partial class Spelling
{
    /// <summary>"Unrecognized option '--epoch'. Did you mean --epochs?"; without the question where no option of the command is near.</summary>
    public static string UnknownOption(string option, Command command)
    {
        ArgumentNullException.ThrowIfNull(option);
        ArgumentNullException.ThrowIfNull(command);
        var name = option.Split('=')[0];
        var nearest = Nearest($"--{name.TrimStart('-')}", Names(command));
        return $"Unrecognized option '{name}'.{(nearest is null ? "" : $" Did you mean {nearest}?")}";
    }

    /// <summary>A number like 2e5 that was probably to be 2e-5; null for others.</summary>
    public static string? ForgottenMinus(string text) =>
        LargeExponent().Match(text) is { Success: true } match
            && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? $"{text} is {number.ToString("#,0", CultureInfo.InvariantCulture)}; did you mean {match.Groups[1].Value}e-{match.Groups[2].Value}?"
            : null;

    /// <summary>The name that a few strokes lead to, or that begins so; null where none is near.</summary>
    public static string? Nearest(string word, IEnumerable<string> names)
    {
        ArgumentNullException.ThrowIfNull(word);
        var most = Math.Max(1, word.Length / 4);
        return names.Select(
            name => (Name: name, Strokes: name.StartsWith(word, StringComparison.Ordinal) && word.Length > 3 ? 1 : Strokes(word, name)))
            .Where(near => near.Strokes <= most).OrderBy(near => near.Strokes).ThenBy(near => near.Name.Length).Select(near => near.Name)
            .FirstOrDefault();
    }

    private static IEnumerable<string> Names(Command command) =>
        command.Options.Concat(command.Parents.OfType<Command>().SelectMany(parent => parent.Options).Where(option => option.Recursive))
            .Where(option => !option.Hidden).SelectMany(option => option.Aliases.Prepend(option.Name))
            .Where(name => name.StartsWith("--", StringComparison.Ordinal));

    /// <summary>Letters to insert, delete, replace or swap with a neighbour.</summary>
    private static int Strokes(string from, string to)
    {
        var table = new int[from.Length + 1, to.Length + 1];
        for (var i = 0; i <= from.Length; i++)
        {
            for (var j = 0; j <= to.Length; j++)
            {
                table[i, j] = i == 0 || j == 0 ? i + j
                    : Math.Min(Math.Min(table[i - 1, j], table[i, j - 1]) + 1, table[i - 1, j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                {
                    table[i, j] = Math.Min(table[i, j], table[i - 2, j - 2] + 1);
                }
            }
        }

        return table[from.Length, to.Length];
    }

    [GeneratedRegex(@"^(\d+(?:\.\d+)?)[eE]\+?(\d+)\z")]
    private static partial Regex LargeExponent();
}
