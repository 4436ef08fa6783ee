using System.IO.Compression;
using System.Text;
using LoraOnnx.Model;

namespace LoraOnnx.Texts.Tests;

public sealed class JsonLinesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static readonly ClassificationTask _reviews = Tasks.WithLabels(["NEGATIVE", "POSITIVE"]);

    [Fact]
    public void Escaped_lone_surrogates_stay_as_Python_keeps_them()
    {
        var text = Assert.Single(LabelledTexts.ReadAll(_folder.Write("a.jsonl",
            """{"text": "half \ud83d, \t\"whole\" \ud83d\ude00", "label": 1, "by": "\uDC00"}"""), Tasks.Reviews));

        Assert.Equal("half \ud83d, \t\"whole\" \ud83d\ude00", text.Text);
        Assert.Equal("\udc00", text.Columns["by"]);
    }

    [Fact]
    public void A_compressed_file_that_was_cut_is_an_error_although_its_last_line_is_whole()
    {
        var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write("{\"text\": \"a\", \"label\": 1}\n"u8);
        }

        const int Checksum = 8; // CRC and length at the end
        var path = _folder.Write("cut.jsonl.gz", "");
        File.WriteAllBytes(path, bytes.ToArray()[..^Checksum]);

        var failure = Assert.Throws<InputException>(() => LabelledTexts.ReadAll(path, _reviews));

        Assert.Contains("cut.jsonl.gz:2: the compressed data is damaged", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Broken_JSON_is_told_with_its_place_in_the_line_counted_from_1() =>
        Assert.EndsWith(":1: is not valid JSON: 'b' is an invalid start of a property name. Expected a '\"'. (byte 2 of the line)",
            Fails(_reviews, "{broken").Message, StringComparison.Ordinal);

    [Fact]
    public void Numbers_numbers_in_quotes_and_names_are_labels()
    {
        var texts = Read(_reviews,
            """{"text": "a", "label": 1}""", """{"text": "b", "label": "0"}""", """{"text": "c", "label": "POSITIVE"}""",
            """{"text": "d", "label": "negative"}""", """{"text": "e", "label": 1.0}""");

        Assert.Equal([1, 0, 1, 0, 1], texts.Select(text => text.Labels[0]));
        Assert.All(texts, text => Assert.Single(text.Labels));
    }

    [Fact]
    public void A_name_in_its_own_case_wins_and_another_case_counts_only_when_it_is_clear()
    {
        var config = Tasks.WithLabels(["good", "GOOD", "Bad"]);

        Assert.Equal([1, 2], Read(config, """{"text": "a", "label": "GOOD"}""", """{"text": "b", "label": "BAD"}""").Select(text => text.Labels[0]));
        Assert.Contains("expected 0 to 2 or a name", Fails(config, """{"text": "c", "label": "Good"}""").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_class_whose_name_is_a_number_is_found_by_its_name_when_quoted()
    {
        var stars = Tasks.WithLabels(["1", "2", "3"]);

        Assert.Equal(0, Read(stars, """{"text": "a", "label": "1"}""").Single().Labels[0]);
        Assert.Equal(2, Read(stars, """{"text": "a", "label": "3"}""").Single().Labels[0]);
    }

    [Fact]
    public void Other_columns_are_kept_as_text()
    {
        var text = Read(_reviews, """{"genre": "comedy", "sentence": "x", "label": 0, "year": 1999, "tags": ["a"], "none": null, "text": "y"}""")
            .Single();

        Assert.Equal("y", text.Text);
        Assert.Equal(new Dictionary<string, string> { ["genre"] = "comedy", ["sentence"] = "x", ["year"] = "1999", ["tags"] = "[\"a\"]" },
            text.Columns);
    }

    [Fact]
    public void Sentence_is_the_text_where_there_is_no_text() =>
        Assert.Equal("x", Read(_reviews, """{"sentence": "x", "label": 0}""").Single().Text);

    [Fact]
    public void Empty_texts_byte_order_mark_line_ends_of_windows_and_empty_lines_at_the_end_are_fine()
    {
        var texts = Read(_reviews, "\uFEFF{\"text\": \"\", \"label\": 0}\r", "{\"text\": \"é\", \"label\": 1}\r", "", "  ");

        Assert.Equal(["", "é"], texts.Select(text => text.Text));
    }

    [Fact]
    public void A_gzip_file_reads_like_the_plain_one()
    {
        var path = Path.Combine(_folder.Path, "a.jsonl.gz");
        using (var stream = new GZipStream(File.Create(path), CompressionLevel.Fastest))
        {
            stream.Write("{\"text\": \"one\", \"label\": 1}\n{\"text\": \"two\", \"label\": 0}"u8);
        }

        Assert.Equal(["one", "two"], LabelledTexts.ReadAll(path, _reviews).Select(text => text.Text));
    }

    [Fact]
    public void Several_labels_are_read_for_a_multi_label_model_only()
    {
        var line = """{"text": "a", "label": ["love", 0]}""";

        Assert.Equal([1, 0], Read(Tasks.Topics, line).Single().Labels);
        Assert.Empty(Read(Tasks.Topics, """{"text": "a", "label": []}""").Single().Labels);
        Assert.Equal([2], Read(Tasks.Topics, """{"text": "a", "label": "crime"}""").Single().Labels);
        Assert.Contains("names a class twice", Fails(Tasks.Topics, """{"text": "a", "label": [0, 1, 0]}""").Message, StringComparison.Ordinal);
        Assert.Contains("'label' is the list", Fails(_reviews, line).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "is empty, expected a JSON object")]
    [InlineData("{\"text\": \"a\", \"label\": 1", "is not valid JSON")]
    [InlineData("[1]", "is the list [1], expected an object")]
    [InlineData("{\"label\": 1}", "has no 'text'")]
    [InlineData("{\"text\": 5, \"label\": 1}", "'text' is 5, expected a string")]
    [InlineData("{\"text\": \"a\"}", "has no 'label'")]
    [InlineData("{\"text\": \"a\", \"label\": 2}", "'label' is 2, expected 0 to 1 or a name of the classes (NEGATIVE, POSITIVE)")]
    [InlineData("{\"text\": \"a\", \"label\": -1}", "'label' is -1")]
    [InlineData("{\"text\": \"a\", \"label\": 0.5}", "'label' is 0.5")]
    [InlineData("{\"text\": \"a\", \"label\": \"neutral\"}", "'label' is \"neutral\"")]
    [InlineData("{\"text\": \"a\", \"label\": null}", "'label' is null")]
    [InlineData("{\"text\": \"a\", \"text\": \"b\", \"label\": 1}", "there are 2 columns 'text', expected one")]
    public void A_malformed_line_is_named(string line, string problem)
    {
        var good = """{"text": "a", "label": 1}""";

        var failure = Fails(_reviews, good, line, good);

        Assert.Equal(2, failure.Line);
        Assert.Contains(".jsonl:2: " + problem, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_file_a_missing_file_and_an_unknown_kind_are_named()
    {
        Assert.Contains(".jsonl:1: is empty", Fails(_reviews).Message, StringComparison.Ordinal);
        Assert.Contains("no such file", Assert.Throws<InputException>(() => LabelledTexts.ReadAll("none.jsonl", _reviews)).Message,
            StringComparison.Ordinal);
        var path = _folder.Write("a.xlsx", "x");
        Assert.Contains("'.xlsx' is not known", Assert.Throws<InputException>(() => LabelledTexts.ReadAll(path, _reviews)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_gzip_is_an_error_of_the_file()
    {
        var path = _folder.Write("a.jsonl.gz", "");
        File.WriteAllBytes(path, [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, .. "no more gzip than this, but long enough to be read"u8]);

        Assert.Contains("the compressed data is damaged", Assert.Throws<InputException>(() => LabelledTexts.ReadAll(path, _reviews)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Lines_and_files_over_the_limit_are_refused()
    {
        var lines = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"text\": \"a\", \"label\": 1}\n", 10_000)));

        var tooMuch = Assert.Throws<InputException>(() => new JsonLines("x", new TextOptions(), labelled: true, TextNotices.None)
            .Read(new MemoryStream(lines), new TextLimits(1000, 100_000)).Count());
        var tooLong = Assert.Throws<InputException>(() => new JsonLines("x", new TextOptions(), labelled: true, TextNotices.None)
            .Read(new MemoryStream(new byte[100_000]), new TextLimits(1000, 1_000_000)).Count());

        Assert.Contains("larger than 100000 bytes", tooMuch.Message, StringComparison.Ordinal);
        Assert.Contains("longer than 1000 bytes", tooLong.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private IReadOnlyList<LabelledText> Read(ClassificationTask config, params string[] lines) =>
        LabelledTexts.ReadAll(_folder.Write("texts.jsonl", string.Join('\n', lines)), config);

    private InputException Fails(ClassificationTask config, params string[] lines) => Assert.Throws<InputException>(() => Read(config, lines));
}
