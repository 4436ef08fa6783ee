using LoraOnnx.Model.Tokenization;
using LoraOnnx.Texts;
using LoraOnnx.Training.Data;

namespace LoraOnnx.Training.Tests.Data;

/// <summary>What is printed of the texts before training on them, and what looks wrong with them.</summary>
public sealed class DataReportTests
{
    private static readonly string[] _classes = ["bad", "good"];

    [Fact]
    public void Classes_lengths_and_the_share_of_cut_texts_are_printed()
    {
        var set = Set("train", (10, 0), (20, 1), (20, 1), (600, 0));

        var lines = DataSummary.Lines(set, set.Describe(_classes)).ToList();

        Assert.Equal("train: 4 texts; bad 2 (50 %), good 2 (50 %)", lines[0]);
        Assert.Equal("  tokens 10 to 600, median 20, mean 163; ≤16: 1  ≤32: 2  >512: 1; cut: 1 (25 %)", lines[1]);
    }

    [Fact]
    public void Texts_in_two_sets_and_texts_that_are_there_twice_are_counted()
    {
        LabelledText[] train = [Text("a", 0), Text("b", 1), Text(" b\n", 1)];
        LabelledText[] test = [Text("b", 0), Text("c", 1), Text("a ", 1)];

        var warnings = Warnings(("train", train), ("test", test));

        Assert.Equal(
            ["1 train texts are there more than once.", "2 of 3 test texts are also in the train texts: its figures will look better than they are."],
            warnings);
    }

    [Fact]
    public void A_class_without_a_text_is_named() =>
        Assert.Equal(["no training text has the label good."], Warnings(("train", [Text("a", 0), Text("b", 0)])));

    [Fact]
    public void Every_label_on_every_text_looks_like_flags() =>
        Assert.Contains("if these are flags", Assert.Single(Warnings(("train", [Text("a", 0, 1), Text("b", 1, 0)]))), StringComparison.Ordinal);

    private static IReadOnlyList<string> Warnings(params (string Role, IReadOnlyList<LabelledText> Texts)[] sets)
    {
        var train = TextSet.Encode("train", "x.jsonl", sets[0].Texts, _ => Encoded(5), CancellationToken.None);
        return [.. DataSummary.Warnings(sets, train.Describe(_classes))];
    }

    private static TextSet Set(string role, params (int Tokens, int Label)[] texts)
    {
        LabelledText[] labelled = [.. texts.Select((text, index) => Text($"{index}", text.Label))];
        return TextSet.Encode(role, "x.jsonl", labelled,
            text => Encoded(texts[int.Parse(text, System.Globalization.CultureInfo.InvariantCulture)].Tokens), CancellationToken.None);
    }

    private static EncodedText Encoded(int tokens) => new(new int[Math.Min(tokens, 512)], tokens);

    private static LabelledText Text(string text, params int[] labels) => new() { Text = text, Labels = labels };
}
