namespace LoraOnnx.Texts.Tests;

/// <summary>Quotes in files that are quoted, in files that are not, and in files that are quoted wrongly.</summary>
public sealed class QuoteTests : ReadingTests
{
    [Fact]
    public void A_TSV_without_quoting_keeps_its_rows_and_its_quotes()
    {
        var texts = Read("a.tsv", "sentence\tlabel\n\"the film was great\t1\na bad movie\t0\nthe plot\"\t1\n");

        Assert.Equal(["\"the film was great", "a bad movie", "the plot\""], texts.Select(text => text.Text));
        Assert.Equal([1, 0, 1], texts.Select(text => text.Labels[0]));
        Assert.Empty(Warnings);
    }

    [Fact]
    public void Quoted_and_unquoted_lines_may_stand_in_one_TSV()
    {
        var texts =
            Read("c.tsv", "text\tlabel\n\"the film was great\t1\na bad movie\t0\nthe \" plot\t1\n\"a film\"\t0\n\"so\" it says\t1\n\"a\tb\"\t0\n");

        Assert.Equal(["\"the film was great", "a bad movie", "the \" plot", "a film", "\"so\" it says", "a\tb"], texts.Select(text => text.Text));
        Assert.Equal([1, 0, 1, 0, 1, 0], texts.Select(text => text.Labels[0]));
    }

    [Fact]
    public void A_quoted_field_of_a_TSV_goes_on_over_lines_that_are_no_rows()
    {
        var texts = Read("a.tsv", "text\tlabel\r\n\"two\r\nlines\"\t1\r\nlast\t0\r\n");

        Assert.Equal(["two\r\nlines", "last"], texts.Select(text => text.Text));
        Assert.Empty(Warnings);
    }

    [Fact]
    public void Rows_that_a_quoted_field_swallows_are_told_with_the_line_on_which_it_begins()
    {
        var texts = Read("a.csv", "text,label\nfine,1\n\"the film was great,1\na bad movie,0\nthe plot\",1\n");

        Assert.Equal(2, texts.Count);
        Assert.Contains("a.csv:3: a quoted field that begins here swallows 2 lines that look like rows of its own, line 3 the first",
            Assert.Single(Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_TSV_s_field_that_swallows_rows_is_told_too()
    {
        // The line itself has too many fields to be a row.
        Read("a.tsv", "text\tlabel\n\"so\tmany\tfields\n\"\"a bad movie\t0\nthe plot\"\t1\n");

        Assert.Contains("a.tsv:2: a quoted field that begins here swallows 1 line that looks like a row of its own, line 3 the first",
            Assert.Single(Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_of_several_lines_with_commas_is_no_reason_to_warn()
    {
        var texts = Read("a.csv", "text,label\nfine,NEGATIVE\n\"Well, hello,\nthis goes on, and on.\n\nThe end, at last\",1\n");

        Assert.Equal(2, texts.Count);
        Assert.Empty(Warnings);
    }

    [Fact]
    public void Swallowed_rows_are_told_a_few_times_only()
    {
        Read("a.csv", "text,label\n" + string.Concat(Enumerable.Repeat("\"a,1\nb\",0\n", 20)));

        Assert.Equal(5, Warnings.Count);
        Assert.EndsWith("Further ones are not told.", Warnings[^1], StringComparison.Ordinal);
    }
}
