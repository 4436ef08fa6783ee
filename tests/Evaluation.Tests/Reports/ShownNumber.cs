using System.Globalization;
using System.Text.RegularExpressions;

namespace LoraOnnx.Evaluation.Tests.Reports;

/// <summary>A number as report.html shows it: 93.94, +7.35, 14,106,242, 56.4 MB, 12 min 05 s, &lt; 0.0001, 1.2e-7.</summary>
internal static partial class ShownNumber
{
    /// <summary>Is the text a rounding of the value: as it is, in percent, in kB, MB or GB, or as a duration in seconds?</summary>
    public static bool Shows(string text, double value)
    {
        var plain = text.Replace("−", "-", StringComparison.Ordinal).Replace(",", "", StringComparison.Ordinal).Trim();
        if (Duration().Match(plain) is { Success: true } duration)
        {
            var seconds = Part(duration, "h", 3600) + Part(duration, "min", 60) + Part(duration, "s", 1);
            return Math.Abs(seconds - value) <= (duration.Groups["h"].Success ? 60 : 1);
        }

        if (plain.StartsWith("< ", StringComparison.Ordinal))
        {
            return value < double.Parse(plain[2..], CultureInfo.InvariantCulture);
        }

        var match = Number().Match(plain);
        if (!match.Success)
        {
            return false;
        }

        var shown = double.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture);
        var digits = match.Groups["decimals"].Length
            - (match.Groups["exponent"].Success ? int.Parse(match.Groups["exponent"].Value, CultureInfo.InvariantCulture) : 0);
        double[] factors = match.Groups["unit"].Value switch
        {
            "kB" => [1e-3],
            "MB" => [1e-6],
            "GB" => [1e-9],
            _ => [1, 100],
        };
        // Half a unit of the last digit, and what halves of binary numbers are rounded to.
        return factors.Any(factor => Math.Abs((value * factor) - shown) <= (0.5 * Math.Pow(10, -digits)) + (1e-9 * Math.Abs(shown)));
    }

    private static double Part(Match match, string name, double seconds) =>
        match.Groups[name].Success ? seconds * double.Parse(match.Groups[name].Value, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(@"^((?<h>\d+) h )?((?<min>\d+) min ?)?((?<s>[\d.]+) s)?$")]
    private static partial Regex Duration();

    [GeneratedRegex(@"^(?<number>[+-]?\d+(\.(?<decimals>\d+))?(e(?<exponent>[+-]?\d+))?)( (?<unit>kB|MB|GB))?$")]
    private static partial Regex Number();
}
