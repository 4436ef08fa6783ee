using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;

namespace LoraOnnx.CommandLine;

/// <summary>What somebody may have meant.</summary>
public static partial class Spelling
{
    private const int MostMeant = 3;

    /// <summary>What other programs call it.</summary>
    private static readonly Dictionary<string, string> _otherWords = new(StringComparer.Ordinal)
    {
        ["--model"] = "--model",
        ["--learning-rate"] = "--lr",
        ["--num-train-epochs"] = "--epochs",
        ["--batch"] = "--batch-size",
        ["--per-device-train-batch-size"] = "--batch-size",
        ["--max-seq-length"] = "--max-length",
        ["--lora-r"] = "--rank",
        ["--output"] = "--out",
        ["--output-dir"] = "--out",
        ["--input"] = "--in",
        ["--test"] = "--data",
        ["--data"] = "--train",
        ["--base"] = "--model",
        ["--server"] = "--address",
        ["--url"] = "--address",
    };

    /// <summary>"Unrecognized option '--epoch'. Did you mean --epochs?"; without the question where no option of the command is near.</summary>
    public static string UnknownOption(string option, Command command)
    {
        ArgumentNullException.ThrowIfNull(option);
        ArgumentNullException.ThrowIfNull(command);
        var name = option.Split('=')[0];
        var word = $"--{name.TrimStart('-')}";
        var names = Names(command).ToList();
        var isArgument = _otherWords.GetValueOrDefault(word) == "--model" && command.Arguments.FirstOrDefault() is { HelpName: { } models }
            ? $" Models are named without an option: {models}." : null;
        var meant = Meant(word, names) is { } one ? [one]
            : names.Where(other => other.EndsWith(word[1..], StringComparison.Ordinal)).Take(MostMeant).ToArray();
        return $"Unrecognized option '{name}'.{isArgument ?? (meant.Length == 0 ? "" : $" Did you mean {string.Join(" or ", meant)}?")}";
    }

    /// <summary>The option that was meant: one that a few strokes lead to, or what other programs call it; null where there is none.</summary>
    public static string? Meant(string option, IReadOnlyList<string> names)
    {
        ArgumentNullException.ThrowIfNull(option);
        return Nearest(option, names) ?? (_otherWords.GetValueOrDefault(option) is { } ours && names.Contains(ours) ? ours : null);
    }

    /// <summary>A number as it was probably to be: 2e-5 for 2e5, 0.001 for 0,001; null for others.</summary>
    public static string? MeantNumber(string text) => ForgottenMinus(text)
        ?? (DecimalComma().Match(text) is { Success: true } match
            ? $"decimals are written with a point: {match.Groups[1].Value}.{match.Groups[2].Value}." : null);

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

    [GeneratedRegex(@"^(\d+),(\d+)\z")]
    private static partial Regex DecimalComma();

    [GeneratedRegex(@"^(\d+(?:\.\d+)?)[eE]\+?(\d+)\z")]
    private static partial Regex LargeExponent();
}
