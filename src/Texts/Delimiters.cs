namespace LoraOnnx.Texts;

/// <summary>What stands between the fields of a table.</summary>
internal static class Delimiters
{
    /// <summary>
    /// The one that a header shows: that of which it has most outside quotes; of equals the one that the file's name promises, then the comma.
    /// </summary>
    public static char Of(string header, char usual)
    {
        var best = usual;
        var most = 0;
        foreach (var candidate in new[] { usual, ',', ';', '\t' })
        {
            var count = CountOutsideQuotes(header, candidate);
            (best, most) = count > most ? (candidate, count) : (best, most);
        }

        return best;
    }

    public static string NameOf(char delimiter) => delimiter switch
    {
        '\t' => "tab",
        ',' => "comma",
        ';' => "semicolon",
        _ => $"'{delimiter}'",
    };

    private static int CountOutsideQuotes(string line, char wanted)
    {
        var (count, quoted) = (0, false);
        foreach (var character in line)
        {
            quoted ^= character == '"';
            count += character == wanted && !quoted ? 1 : 0;
        }

        return count;
    }
}
