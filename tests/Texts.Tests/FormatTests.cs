using System.Text;

namespace LoraOnnx.Texts.Tests;

/// <summary>Files as people have them: whatever wrote them, the texts and labels are the same.</summary>
public sealed class FormatTests : ReadingTests
{
    private static readonly (string, int)[] _expected = [("Größe, „gut“", 1), ("schlecht", 0)];

    public static TheoryData<string, string> Tables => new()
    {
        { "a.csv", "text,label\n\"Größe, „gut“\",1\nschlecht,0\n" },
        { "excel.csv", "text;label\r\nGröße, „gut“;1\r\nschlecht;0\r\n" },
        { "told.csv", "sep=;\r\ntext;label\r\nGröße, „gut“;1\r\nschlecht;0\r\n" },
        { "tabs.csv", "text\tlabel\nGröße, „gut“\t1\nschlecht\t0\n" },
        { "commas.tsv", "text,label\n\"Größe, „gut“\",1\nschlecht,0\n" },
        { "blank.csv", "\n\ntext,label\n\n\"Größe, „gut“\",1\n\r\nschlecht,0\n\n" },
        { "a.jsonl", "{\"TEXT\": \"Größe, „gut“\", \"Label\": 1}\n{\"text\": \"schlecht\", \"LABEL\": 0}\n" },
        { "a.json", "[\n  {\n    \"text\": \"Größe, „gut“\",\n    \"label\": 1\n  },\n  {\"text\": \"schlecht\", \"label\": 0}\n]\n" },
        { "one-line.json", "[{\"text\": \"Größe, „gut“\", \"label\": \"1\"},{\"text\": \"schlecht\", \"label\": 0.0}]" },
        { "lines.json", "{\"text\": \"Größe, „gut“\", \"label\": 1}\n{\"text\": \"schlecht\", \"label\": 0}\n" },
        { "pandas.csv", "text,label\n\"Größe, „gut“\",True\nschlecht,False\n" },
        { "truth.jsonl", "{\"text\": \"Größe, „gut“\", \"label\": true}\n{\"text\": \"schlecht\", \"label\": false}\n" },
        { "words.csv", "text,label\n\"Größe, „gut“\",pos\nschlecht,Neg\n" },
    };

    [Theory]
    [MemberData(nameof(Tables))]
    public void Delimiters_arrays_blank_lines_cases_and_truths_are_seen(string name, string content) =>
        Assert.Equal(_expected, Pairs(Read(name, content)));

    [Theory]
    [MemberData(nameof(Tables))]
    public void The_same_in_UTF16_with_a_byte_order_mark(string name, string content)
    {
        Assert.Equal(_expected, Pairs(ReadFile(Written("little-" + name, content, Encoding.Unicode))));
        Assert.Equal(_expected, Pairs(ReadFile(Written("big-" + name, content, Encoding.BigEndianUnicode))));
        Assert.Equal(_expected, Pairs(ReadFile(Written("utf8-" + name, content, Encoding.UTF8))));
    }

    [Fact]
    public void Windows_1252_is_read_when_it_is_said_and_its_way_out_is_told_when_not()
    {
        var path = Written("a.csv", "text,label\n\"Größe, „gut“\",1\nschlecht,0\n", CodePagesEncodingProvider.Instance.GetEncoding(1252)!,
            mark: false);

        var failure = Assert.Throws<InputException>(() => ReadFile(path));

        Assert.Equal(_expected, Pairs(ReadFile(path, new TextOptions { Encoding = "windows-1252" })));
        Assert.Contains("a.csv:2: is not valid UTF-8", failure.Message, StringComparison.Ordinal);
        Assert.Contains("--encoding windows-1252", failure.Hint, StringComparison.Ordinal);
        Assert.Contains("--encoding is 'nonsense'", Assert.Throws<InputException>(() => ReadFile(path, new TextOptions { Encoding = "nonsense" }))
            .Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a.csv.gz", "text,label\na,1\n", "its name ends in .gz, but it is not packed with gzip.")]
    [InlineData("a.csv", "\u001f\u008b\u0008\0", "is packed with gzip, which its name does not say.")]
    [InlineData("a.jsonl", "PAR1\0", "is a Parquet file, which its name does not say.")]
    [InlineData("a.csv", "PK\u0003\u0004", "is a workbook of a spreadsheet or another zip file, which is not read.")]
    public void A_file_of_another_kind_than_its_name_says_is_told(string name, string content, string expected)
    {
        var path = Path.Combine(Folder.Path, name);
        File.WriteAllBytes(path, Encoding.Latin1.GetBytes(content));

        Assert.EndsWith($"{name}: {expected}", Assert.Throws<InputException>(() => ReadFile(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Texts_that_are_passed_on_may_be_more_than_those_that_are_kept()
    {
        const string Content = "text\naaaaaaaaaa\nbbbbbbbbbb\n";
        var reading = new TextReading(new TextOptions(), Labelled: false, TextNotices.None) { Limits = new TextLimits(100, 20) };
        IEnumerable<TextRow> Rows(TextReading how) => TextRows.Decoded("a.csv", new MemoryStream(Encoding.UTF8.GetBytes(Content)), ".csv", how);

        Assert.Contains("larger than 20 bytes when unpacked", Assert.Throws<InputException>(() => Rows(reading).Count()).Message,
            StringComparison.Ordinal);
        Assert.Equal(2, Rows(reading with { Limits = reading.Limits with { TotalBytes = 100 } }).Count());
        Assert.Equal(TextLimits.Standard.LineBytes, TextLimits.Passing.LineBytes);
        Assert.True(TextLimits.Passing.TotalBytes >= 1L << 40, "a tebibyte"); // ten million rows of a hundred kilobytes
    }

    [Fact]
    public void UTF16_without_a_mark_and_bytes_that_are_not_of_the_encoding_are_named()
    {
        var unmarked = Written("a.csv", "text,label\na,1\n", Encoding.Unicode, mark: false);
        var broken = Path.Combine(Folder.Path, "b.csv");
        File.WriteAllBytes(broken, [0xFF, 0xFE, .. Encoding.Unicode.GetBytes("text,label\na"), 0x00, 0xD8, .. Encoding.Unicode.GetBytes(",1\n")]);

        Assert.Contains("a.csv:1: has null characters", Assert.Throws<InputException>(() => ReadFile(unmarked)).Message, StringComparison.Ordinal);
        Assert.Equal("a", Assert.Single(ReadFile(unmarked, new TextOptions { Encoding = "utf-16" })).Text);
        Assert.Contains("the file is not in its encoding", Assert.Throws<InputException>(() => ReadFile(broken)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a.csv", "text,label\nfine,1\n,0\n", 3)]
    [InlineData("a.tsv", "text\tlabel\nfine\t1\n\"\"\t0\n", 3)]
    [InlineData("a.jsonl", "{\"text\": \"fine\", \"label\": 1}\n{\"text\": \"\", \"label\": 0}\n", 2)]
    [InlineData("null.jsonl", "{\"text\": \"fine\", \"label\": 1}\n{\"text\": null, \"label\": 0}\n", 2)]
    [InlineData("a.json", "[{\"text\": \"fine\", \"label\": 1},\n{\"text\": null, \"label\": 0}]", 2)]
    public void An_empty_text_is_kept_and_told_in_every_format(string name, string content, int line)
    {
        Assert.Equal([("fine", 1), ("", 0)], Pairs(Read(name, content)));
        Assert.EndsWith($"{name}:{line}: an empty text in 2 rows; such texts are kept.", Assert.Single(Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_text_of_Parquet_and_of_a_folder_is_kept_and_told_too()
    {
        var parquet = ReadFile(Repository.Path("tests", "Texts.Tests", "foreign", "null-text.parquet"));
        Folder.Write("reviews/neg/0.txt", "");
        Folder.Write("reviews/pos/0.txt", "good");
        var folder = ReadFile(Path.Combine(Folder.Path, "reviews"));

        Assert.Contains("", parquet.Select(text => text.Text));
        Assert.Equal([("", 0), ("good", 1)], Pairs(folder));
        Assert.All(Warnings, warning => Assert.Contains("empty text", warning, StringComparison.Ordinal));
        Assert.Equal(2, Warnings.Count);
    }

    [Theory]
    [InlineData("[{\"text\": \"a\", \"label\": 1}", "the array does not end")]
    [InlineData("[{\"text\": \"a\", \"label\": 1}] x", "something follows the end of the array")]
    [InlineData("[{\"text\": \"a\", \"label\": 1},\n 5]", "a.json:2: is 5, expected an object")]
    [InlineData("[{\"text\": \"a\", \"label\": 1},\n {\"text\": \"b\"}]", "a.json:2: has no 'label'")]
    [InlineData("[]", "is empty, expected at least one")]
    public void A_malformed_array_is_named_with_its_line(string content, string problem) =>
        Assert.Contains(problem, Assert.Throws<InputException>(() => Read("a.json", content)).Message, StringComparison.Ordinal);

    private static IEnumerable<(string, int)> Pairs(IEnumerable<LabelledText> texts) => texts.Select(text => (text.Text, text.Labels[0]));

    private string Written(string name, string content, Encoding encoding, bool mark = true)
    {
        var path = Path.Combine(Folder.Path, name);
        File.WriteAllBytes(path, [.. mark ? encoding.GetPreamble() : [], .. encoding.GetBytes(content)]);
        return path;
    }
}
