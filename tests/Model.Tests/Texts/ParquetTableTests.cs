using LoraOnnx.Model.Texts;
using Parquet.Serialization;

namespace LoraOnnx.Model.Tests.Texts;

public sealed class ParquetTableTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_of_another_writer_in_several_row_groups_is_read_whole_and_in_order()
    {
        var texts = LabelledTexts.ReadAll(Foreign("reviews"), Models.Reviews);

        Assert.Equal(3000, texts.Count);
        Assert.Equal(Enumerable.Range(0, 3000).Select(row => row % 2), texts.Select(text => text.Label));
        Assert.Equal("Review 2: schlecht, \"naïve\" 🎬", texts[2].Text);
        Assert.Equal("Review 2999: good\nfilm", texts[^1].Text);
        Assert.Empty(texts[0].Columns);
        Assert.Equal("genre2", texts[^1].Columns["genre"]);
    }

    [Fact]
    public void Lists_of_whole_numbers_are_classes_and_lists_of_floats_are_flags()
    {
        Assert.Equal([[0, 1], [], [2]], LabelledTexts.ReadAll(Foreign("classes"), Models.Topics).Select(text => text.Labels));
        Assert.Equal([[0, 1], []], LabelledTexts.ReadAll(Foreign("flags"), Models.Topics).Select(text => text.Labels));
    }

    [Fact]
    public async Task Labels_may_be_strings_booleans_are_not_and_the_row_is_named()
    {
        var named = Path.Combine(_folder.Path, "named.parquet");
        var wrong = Path.Combine(_folder.Path, "wrong.parquet");
        await ParquetSerializer.SerializeAsync([new Named("a", "POSITIVE"), new Named("b", "0")], named, cancellationToken: TestContext.Current.CancellationToken);
        await ParquetSerializer.SerializeAsync([new Numbered("a", 1), new Numbered("b", 2)], wrong, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal([1, 0], LabelledTexts.ReadAll(named, Models.Reviews).Select(text => text.Label));
        Assert.Contains("wrong.parquet:2: 'label' is 2, expected 0 to 1", Fails(wrong).Message, StringComparison.Ordinal);
        Assert.Contains("null-text.parquet:2: 'text' is null", Fails(Foreign("null-text")).Message, StringComparison.Ordinal);
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

    private static string Foreign(string name) => Repository.Path("tests", "Model.Tests", "Texts", "foreign", $"{name}.parquet");

    private static InputException Fails(string path) => Assert.Throws<InputException>(() => LabelledTexts.ReadAll(path, Models.Reviews));

    private sealed record Named(string text, string label);

    private sealed record Numbered(string text, long label);
}
