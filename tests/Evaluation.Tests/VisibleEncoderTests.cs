using System.Net;
using LoraOnnx.Reports;

namespace LoraOnnx.Evaluation.Tests;

/// <summary>Foreign text in a report: nothing in it is markup, and nothing hides or turns what stands there.</summary>
public sealed class VisibleEncoderTests
{
    private readonly VisibleEncoder _encoder = new();

    [Theory]
    [InlineData("a film", "a film")]
    [InlineData("<b>\"&", "&lt;b&gt;&quot;&amp;")]
    [InlineData("a\u202Eb", "a\\u202Eb")] // right to left from here on
    [InlineData("\u001B[2J\u0007", "\\u001B[2J\\u0007")]
    [InlineData("\u200Bx<", "\\u200Bx&lt;")]
    public void What_steers_or_hides_is_written_out(string text, string expected) => Assert.Equal(expected, _encoder.Encode(text));

    [Theory]
    [InlineData("line\r\n\tline")]
    [InlineData("👩\u200D🚀")] // one sign, joined
    [InlineData("très bien, 很好")]
    public void What_texts_are_written_with_stays(string text) => Assert.Equal(text, WebUtility.HtmlDecode(_encoder.Encode(text)));
}
