namespace LoraOnnx.Files.Tests;

public sealed class CsvTextTests
{
    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("+SUM(A1)", "'+SUM(A1)")]
    [InlineData("-2+3", "'-2+3")]
    [InlineData("@here", "'@here")]
    [InlineData("\t=1", "'\t=1")]
    [InlineData("\r=1", "\"'\r=1\"")]
    [InlineData("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"")]
    [InlineData("-∞", "'-∞")]
    public void What_a_spreadsheet_would_compute_is_text(string text, string cell) => Assert.Equal(cell, CsvText.Cell(text));

    [Theory]
    [InlineData("-0.25", "-0.25"), InlineData("+1e-7", "+1e-7"), InlineData("a-b", "a-b"), InlineData("", ""),
        InlineData("two\nlines", "\"two\nlines\""), InlineData("a,b", "\"a,b\"")]
    public void Numbers_and_words_stay_what_they_are(string text, string cell) => Assert.Equal(cell, CsvText.Cell(text));
}
