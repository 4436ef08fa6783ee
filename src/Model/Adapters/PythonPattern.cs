using System.Text;
using System.Text.RegularExpressions;

namespace LoraOnnx.Model.Adapters;

/// <summary>
/// Regular expressions as Python's <c>re</c> reads them, for the patterns in adapter_config.json. What the two dialects spell differently is
/// translated: named groups, <c>\Z</c>, <c>{,n}</c> and brackets within a character class.
/// </summary>
internal static class PythonPattern
{
    /// <summary>Module names have fewer than 100 characters; a pattern that needs longer on one is a mistake. Wall-clock time: a busy machine
    /// may stop a thread for a while.</summary>
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(2);

    private const int LongestPattern = 4096;

    /// <summary>Compiles <c>prefix + pattern + suffix</c>, where only <paramref name="pattern"/> comes from the user.</summary>
    /// <exception cref="InputException">The pattern is not a valid regular expression.</exception>
    public static Regex Compile(string path, string key, string pattern, string prefix, string suffix)
    {
        if (pattern.Length > LongestPattern)
        {
            throw InputException.InFile(path, $"'{key}' has a pattern of {pattern.Length} characters, expected at most {LongestPattern}.");
        }

        try
        {
            return new Regex(prefix + Translate(pattern) + suffix, RegexOptions.CultureInvariant, _limit);
        }
        catch (ArgumentException failure)
        {
            throw InputException.InFile(path, $"'{key}' has '{pattern}', which is not a valid regular expression: {failure.Message}", inner: failure);
        }
    }

    /// <exception cref="InputException">The pattern takes too long, as only a pathological one does.</exception>
    public static Match MatchOf(Regex regex, string path, string key, string module)
    {
        try
        {
            return regex.Match(module);
        }
        catch (RegexMatchTimeoutException failure)
        {
            throw InputException.InFile(path, $"'{key}' has a pattern that takes too long to match the module name '{module}'.", "simplify it.",
                failure);
        }
    }

    private static string Translate(string pattern)
    {
        var text = new StringBuilder(pattern.Length + 8);
        var inClass = false;
        for (var at = 0; at < pattern.Length; at++)
        {
            var rest = pattern.AsSpan(at);
            if (rest[0] == '\\' && rest.Length > 1)
            {
                text.Append(rest[1] == 'Z' ? @"\z" : rest[..2]);
                at++;
            }
            else if (inClass)
            {
                inClass = rest[0] != ']';
                text.Append(rest[0] == '[' ? @"\[" : rest[..1]);
            }
            else if (rest[0] == '[')
            {
                // A bracket right after the opening (or its ^) is a member of the class.
                var opening = rest.StartsWith("[^]") ? 3 : rest.StartsWith("[]") || rest.StartsWith("[^") ? 2 : 1;
                text.Append(rest[..opening]);
                at += opening - 1;
                inClass = true;
            }
            else if (rest.StartsWith("(?P<"))
            {
                text.Append("(?<");
                at += 3;
            }
            else if (rest.StartsWith("(?P=") && rest.IndexOf(')') is > 0 and var end)
            {
                text.Append(@"\k<").Append(rest[4..end]).Append('>');
                at += end;
            }
            else if (rest.StartsWith("{,") && rest.Length > 2 && char.IsAsciiDigit(rest[2]))
            {
                text.Append("{0");
            }
            else
            {
                text.Append(rest[0]);
            }
        }

        return text.ToString();
    }
}
