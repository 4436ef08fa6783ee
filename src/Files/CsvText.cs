using System.Globalization;

namespace LoraOnnx.Files;

/// <summary>Rows of CSV (RFC 4180) that a spreadsheet opens as text and numbers, never as formulas.</summary>
public static class CsvText
{
    /// <summary>U+FEFF, which as UTF-8 tells Excel that the file is UTF-8.</summary>
    public const string ByteOrderMark = "\uFEFF";

    /// <summary>Cells that begin so are formulas to a spreadsheet, or become some once it has taken the first character away.</summary>
    private const string FormulaStarts = "=+-@\t\r";

    /// <summary>A line without its end.</summary>
    public static string Row(params IEnumerable<string> cells) => string.Join(',', cells.Select(Cell));

    /// <summary>A cell, quoted where it has to be; what would be a formula is text behind an apostrophe. Numbers stay numbers.</summary>
    public static string Cell(string text) => Cell(text, ',', keepFormulas: false);

    /// <summary>The same between other delimiters; with <paramref name="keepFormulas"/> what would be a formula stays as it is.</summary>
    public static string Cell(string text, char delimiter, bool keepFormulas)
    {
        ArgumentNullException.ThrowIfNull(text);
        const NumberStyles NumberForms = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        var isFormula = !keepFormulas && text.Length > 0 && FormulaStarts.Contains(text[0], StringComparison.Ordinal)
            && !double.TryParse(text, NumberForms, CultureInfo.InvariantCulture, out _);
        var harmless = isFormula ? $"'{text}" : text;
        return harmless.AsSpan().ContainsAny("\"\r\n") || harmless.Contains(delimiter, StringComparison.Ordinal)
            ? $"\"{harmless.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : harmless;
    }
}
