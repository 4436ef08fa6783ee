using System.Globalization;

namespace LoraOnnx.Texts.Tests;

public sealed class ParquetTableTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_of_another_writer_in_several_row_groups_is_read_whole_and_in_order()
    {
        var texts = LabelledTexts.ReadAll(Foreign("reviews"), Tasks.Reviews);

        Assert.Equal(3000, texts.Count);
        Assert.Equal(Enumerable.Range(0, 3000).Select(row => row % 2), texts.Select(text => text.Labels[0]));
        Assert.Equal("Review 2: schlecht, \"naïve\" 🎬", texts[2].Text);
        Assert.Equal("Review 2999: good\nfilm", texts[^1].Text);
        Assert.Empty(texts[0].Columns);
        Assert.Equal("genre2", texts[^1].Columns["genre"]);
    }

    [Fact]
    public void Lists_of_whole_numbers_are_classes_and_lists_of_floats_are_flags()
    {
        Assert.Equal([[0, 1], [], [2]], LabelledTexts.ReadAll(Foreign("classes"), Tasks.Topics).Select(text => text.Labels));
        Assert.Equal([[0, 1], []], LabelledTexts.ReadAll(Foreign("flags"), Tasks.Topics).Select(text => text.Labels));
    }

    [Theory]
    [InlineData("brotli-v2")]
    [InlineData("gzip-v2")]
    [InlineData("lz4-v2")]
    [InlineData("snappy-v1")]
    [InlineData("snappy-v2")]
    [InlineData("uncompressed-v2")]
    [InlineData("zstd-v2")]
    public void Every_compression_and_encoding_of_DuckDB_gives_the_same_rows(string name)
    {
        var texts = LabelledTexts.ReadAll(Foreign(name), Tasks.Reviews);

        Assert.Equal(300, texts.Count);
        foreach (var (text, row) in texts.Select((text, row) => (text, row)))
        {
            Assert.Equal(ReviewText(row), text.Text);
            Assert.Equal(row % 2, text.Labels[0]);
            Assert.Equal($"{row * row}", text.Columns["votes"]);
            Assert.Equal(row % 4 == 0 ? "true" : "false", text.Columns["seen"]);
            Assert.Equal(row % 3 == 0, !text.Columns.TryGetValue("stars", out var stars));
            Assert.True(stars is null || double.Parse(stars, CultureInfo.InvariantCulture) == row / 4.0, $"row {row}: {stars}");
            Assert.False(text.Columns.ContainsKey("day") || text.Columns.ContainsKey("nested"));
        }
    }

    [Theory]
    [InlineData("arrow-v1")]
    [InlineData("arrow-v2")]
    public void Both_versions_of_pages_of_Arrow_give_the_same_lists_and_nulls(string name)
    {
        var texts = LabelledTexts.ReadAll(Foreign(name), Tasks.Topics);

        Assert.Equal(300, texts.Count);
        foreach (var (text, row) in texts.Select((text, row) => (text, row)))
        {
            Assert.Equal(ReviewText(row), text.Text);
            Assert.Equal(row % 4 < 2 ? [] : row % 3 == 0 ? [0, 2] : [2], text.Labels);
            Assert.Equal($"{row * -1000000007L}", text.Columns["votes"]);
            Assert.Equal(row % 6 == 0 ? null : row % 4 == 0 ? "true" : "false", text.Columns.GetValueOrDefault("seen"));
        }
    }

    [Fact]
    public void Labels_may_be_strings_and_what_is_neither_text_nor_label_is_named_with_its_row_or_column()
    {
        Assert.Equal([1, 0], LabelledTexts.ReadAll(Foreign("named"), Tasks.Reviews).Select(text => text.Labels[0]));
        Assert.Contains("wrong.parquet:2: 'label' is 2, expected 0 to 1", Fails(Foreign("wrong")).Message, StringComparison.Ordinal);
        Assert.Contains("bytes.parquet: the column 'text' is stored as ByteArray, without or with another meaning, expected strings",
            Fails(Foreign("bytes")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_of_two_megabytes_packed_to_one_kilobyte_is_read()
    {
        Assert.Equal(new string('a', 2_000_000), Assert.Single(LabelledTexts.ReadAll(Foreign("long"), Tasks.Reviews)).Text);
    }

    [Fact]
    public void Another_column_of_texts_a_file_cut_short_and_a_file_of_another_kind_are_named()
    {
        var whole = File.ReadAllBytes(Foreign("reviews"));
        var cut = Path.Combine(_folder.Path, "cut.parquet");
        File.WriteAllBytes(cut, whole[..(whole.Length / 2)]);
        var damaged = Path.Combine(_folder.Path, "damaged.parquet");
        File.WriteAllBytes(damaged, [.. whole[..100], .. new byte[2000], .. whole[2100..]]);

        Assert.Contains("cut.parquet: is not a Parquet file that can be read", Fails(cut).Message, StringComparison.Ordinal);
        Assert.Contains("damaged.parquet: is not a Parquet file that can be read", Fails(damaged).Message, StringComparison.Ordinal);
        Assert.Contains("is not a Parquet file", Fails(_folder.Write("a.parquet", "text,label\na,1\n")).Message, StringComparison.Ordinal);
    }

    private static string Foreign(string name) => Repository.Path("tests", "Texts.Tests", "foreign", $"{name}.parquet");

    private static InputException Fails(string path) => Assert.Throws<InputException>(() => LabelledTexts.ReadAll(path, Tasks.Reviews));

    private static string ReviewText(int row) => $"Review {row}" + (row % 5 == 0 ? ": naïve 🎬" : string.Concat(Enumerable.Repeat(" good", row % 7)));
}
