using System.Globalization;

namespace LoraOnnx.Training.Options;

/// <summary>What <c>--validation</c> says: a file of its own, or so many of the training texts.</summary>
internal readonly record struct ValidationSource(string? File, int? Count, double? Share)
{
    /// <summary>A whole number is a count, a number between 0 and 1 a share, anything else (or an existing file of that name) a file.</summary>
    public static ValidationSource Parse(string text)
    {
        if (System.IO.File.Exists(text) || Directory.Exists(text))
        {
            return new(text, null, null);
        }

        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var count))
        {
            return count > 0 ? new(null, count, null) : throw new InputException($"--validation is {text}, expected at least 1 text.");
        }

        if (text.EndsWith('%') && double.TryParse(text[..^1], NumberStyles.Float, CultureInfo.InvariantCulture, out var percent))
        {
            return percent is > 0 and < 100 ? new(null, null, percent / 100)
                : throw new InputException($"--validation is {text}, expected a share between 0 and 100 %, a count, or a file.");
        }

        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var share))
        {
            return share is > 0 and < 1 ? new(null, null, share)
                : throw new InputException($"--validation is {text}, expected a share between 0 and 1, a count, or a file.");
        }

        return new(text, null, null);
    }

    /// <summary>How many of <paramref name="total"/> texts to take: at least one, and at least one is left.</summary>
    public int CountOf(int total)
    {
        var wanted = Count ?? Math.Max(1, (int)Math.Round(total * Share.GetValueOrDefault()));
        return wanted < total ? wanted
            : throw new InputException($"--validation takes {wanted} of {total} training texts, which leaves none to train on.",
                "take fewer, or give a validation file.");
    }
}
