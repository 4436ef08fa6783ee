using System.IO.Compression;
using System.Text;
using LoraOnnx.Model;

namespace LoraOnnx.Texts.Tests;

public sealed class DelimitedTableTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Quoted_fields_hold_commas_line_breaks_and_doubled_quotes()
    {
        var texts = Read("a.csv", "text,label\n\"one, \"\"two\"\"\nthree\",1\n\"\",0\nplain,NEGATIVE\n");

        Assert.Equal(["one, \"two\"\nthree", "", "plain"], texts.Select(text => text.Text));
        Assert.Equal([1, 0, 0], texts.Select(text => text.Labels[0]));
    }

    [Fact]
    public void Line_ends_of_windows_a_byte_order_mark_and_no_line_end_at_the_end_are_fine()
    {
        var texts = Read("a.csv", "\uFEFFlabel,text\r\n1,\"two\r\nlines\"\r\n0,\"last\"");

        Assert.Equal(["two\r\nlines", "last"], texts.Select(text => text.Text));
        Assert.Equal([1, 0], texts.Select(text => text.Labels[0]));
    }

    [Fact]
    public void A_quote_inside_a_field_that_does_not_begin_with_one_is_a_character()
    {
        var texts = Read("a.tsv", "sentence\tlabel\na 12\" record, so \"good\"\t1\n\"a\ttab\"\t0\n");

        Assert.Equal(["a 12\" record, so \"good\"", "a\ttab"], texts.Select(text => text.Text));
    }

    [Fact]
    public void Other_columns_are_kept_where_they_hold_something()
    {
        var texts = Read("a.csv", "id,Text,year,Label\n7,a,1999,1\n8,b,,0\n");

        Assert.Equal(new Dictionary<string, string> { ["id"] = "7", ["year"] = "1999" }, texts[0].Columns);
        Assert.Equal(new Dictionary<string, string> { ["id"] = "8" }, texts[1].Columns);
    }

    [Fact]
    public void Labels_are_numbers_names_and_for_a_multi_label_model_lists()
    {
        var numbers = Read("a.csv", "text,label\na,1\nb,1.0\nc,positive\nd, 0 \n");
        var lists = Read("a.csv", "text,label\na,\"[0, \"\"crime\"\"]\"\nb,\nc,love\nd,[]\ne,\"[true,true,false]\"\n", Tasks.Topics);

        Assert.Equal([1, 1, 1, 0], numbers.Select(text => text.Labels[0]));
        Assert.Equal([[0, 2], [], [1], [], [0, 1]], lists.Select(text => text.Labels));
    }

    [Fact]
    public void A_gzip_file_reads_like_the_plain_one()
    {
        var path = Path.Combine(_folder.Path, "a.csv.gz");
        using (var stream = new GZipStream(File.Create(path), CompressionLevel.Fastest))
        {
            stream.Write("text,label\none,1\ntwo,0\n"u8);
        }

        Assert.Equal(["one", "two"], LabelledTexts.ReadAll(path, Tasks.Reviews).Select(text => text.Text));
    }

    [Theory]
    [InlineData("text,label\ngood,1\n\"x\ny\",1\nbad,7\n", 5, "'label' is \"7\", expected 0 to 1 or a name of the classes (NEGATIVE, POSITIVE)")]
    [InlineData("text,label\na,1\nb,c,1\n", 3, "has 3 fields, the header has 2")]
    [InlineData("text,label\na,1\n\"b,1\nc,0\n", 3, "a quoted field does not end")]
    [InlineData("text,label\n\"a\" b,1\n", 2, "' ' follows the quote that ends field 1")]
    [InlineData("film,label\na,1\n", 1, "no column is called 'text', 'sentence', 'review', 'content', 'body' or 'comment'; there are: film, label")]
    [InlineData("text,score\na,1\n", 1, "no column is called 'label', 'labels', 'sentiment', 'class', 'rating' or 'stars'; there are: text, score")]
    [InlineData("text,Text,label\na,b,1\n", 1, "there are 2 columns 'text', expected one")]
    [InlineData("text,label,label\na,1,0\n", 1, "there are 2 columns 'label', expected one")]
    [InlineData("text,label\na,\n", 2, "'label' is \"\"")]
    [InlineData("text,label\n", 1, "is empty, expected at least one text below its header")]
    [InlineData("", 1, "is empty, expected at least one")]
    public void A_malformed_row_is_named_by_the_line_on_which_it_begins(string content, int line, string problem)
    {
        var failure = Assert.Throws<InputException>(() => Read("a.csv", content));

        Assert.Equal(line, failure.Line);
        Assert.Contains($".csv:{line}: {problem}", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_no_UTF8_are_named()
    {
        var path = Path.Combine(_folder.Path, "a.csv");
        File.WriteAllBytes(path, [.. "text,label\ngood,1\n"u8, 0xE9, .. ",1\n"u8]);

        var failure = Assert.Throws<InputException>(() => LabelledTexts.ReadAll(path, Tasks.Reviews));

        Assert.Contains("a.csv:3: is not valid UTF-8", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_quoted_field_without_an_end_does_not_fill_the_memory()
    {
        var endless = Encoding.UTF8.GetBytes("text,label\n\"" + string.Concat(Enumerable.Repeat("word word\n", 10_000)));

        var failure = Assert.Throws<InputException>(() => new DelimitedTable("x.csv", new TextOptions(), labelled: true, TextNotices.None)
            .Read(new MemoryStream(endless), new TextLimits(1000, 1_000_000)).Count());

        Assert.Contains("x.csv:2: the quoted field is longer than 1000 characters", failure.Message, StringComparison.Ordinal);
    }

    private IReadOnlyList<LabelledText> Read(string name, string content, ClassificationTask? config = null) =>
        LabelledTexts.ReadAll(_folder.Write(name, content), config ?? Tasks.Reviews);
}
