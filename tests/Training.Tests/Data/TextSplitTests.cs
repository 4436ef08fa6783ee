using LoraOnnx.Texts;
using LoraOnnx.Training.Data;
using LoraOnnx.Training.Options;

namespace LoraOnnx.Training.Tests.Data;

public sealed class TextSplitTests
{
    private static readonly Func<string, IReadOnlyList<LabelledText>> _noFile = file => throw new InvalidOperationException($"{file} is no file.");

    /// <summary>100 texts: 60 of class 0, 30 of class 1, 10 of class 2.</summary>
    private static readonly LabelledText[] _texts =
        [.. Enumerable.Range(0, 100).Select(index => Text(index, index % 10 < 6 ? 0 : index % 10 < 9 ? 1 : 2))];

    [Theory]
    [InlineData("20", 20)]
    [InlineData("0.2", 20)]
    [InlineData("0.25", 25)]
    public void A_stratified_split_takes_the_same_share_of_every_class(string validation, int expected)
    {
        var (train, taken) = TextSplit.Take(_texts, new TrainingOptions { Validation = validation }, _noFile);

        Assert.NotNull(taken);
        Assert.Equal(expected, taken.Count);
        foreach (var (label, share) in new[] { (0, 0.6), (1, 0.3), (2, 0.1) })
        {
            Assert.InRange(taken.Count(text => text.Labels[0] == label), (expected * share) - 1, (expected * share) + 1);
        }

        Assert.Equal(_texts.Select(text => text.Text).Order(), train.Concat(taken).Select(text => text.Text).Order());
    }

    [Fact]
    public void The_seed_decides_which_texts_are_taken()
    {
        static IEnumerable<string> Taken(ulong seed) =>
            TextSplit.Take(_texts, new TrainingOptions { Validation = "0.2", Seed = seed }, _noFile).Validation!.Select(text => text.Text);

        Assert.Equal(Taken(1), Taken(1));
        Assert.NotEqual(Taken(1), Taken(2));
    }

    [Fact]
    public void The_shuffle_gives_training_texts_first_and_validation_texts_next()
    {
        var options = new TrainingOptions { Validation = "10", TrainLimit = 30, Split = SplitKind.Shuffle };

        var (train, validation) = TextSplit.Take(_texts, options, _noFile);

        Assert.Equal((30, 10), (train.Count, validation!.Count));
        Assert.Empty(train.Select(text => text.Text).Intersect(validation.Select(text => text.Text)));
    }

    /// <summary>The first 8 of <c>numpy.random.default_rng(seed).permutation(100)</c>, from numpy 1.24.2.</summary>
    [Theory]
    [InlineData("4294967296", 65, 45, 69, 50, 18, 86, 80, 9)]
    [InlineData("18446744073709551615", 87, 9, 13, 42, 82, 40, 10, 36)]
    public void The_split_of_the_preset_is_that_of_numpy_for_any_seed_on_the_command_line(string seed, params int[] first)
    {
        var table = TrainOptionTable.Create(TrainingEngines.All);
        var command = new System.CommandLine.RootCommand();
        table.Options.ToList().ForEach(command.Options.Add);

        var (train, validation) = TextSplit.Take(
            _texts, table.Apply(command.Parse(["--seed", seed, "--train-limit", "6", "--validation", "2"]), OriginalPreset.Options), _noFile);

        Assert.Equal(first.Select(index => $"text {index}"), train.Concat(validation!).Select(text => text.Text));
    }

    [Fact]
    public void The_preset_shrinks_both_parts_alike_when_the_file_is_small()
    {
        var (train, validation) = TextSplit.Take(_texts, OriginalPreset.Options, _noFile);

        Assert.Equal((91, 9), (train.Count, validation!.Count));
    }

    [Fact]
    public void Without_validation_all_texts_are_trained_on_in_file_order()
    {
        var (train, validation) = TextSplit.Take(_texts, new TrainingOptions(), _noFile);

        Assert.Null(validation);
        Assert.Equal(_texts, train);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("100")]
    [InlineData("0.999")]
    public void A_number_that_leaves_nothing_to_train_or_to_validate_on_is_an_error(string validation)
    {
        var error = Assert.Throws<InputException>(() => TextSplit.Take(_texts, new TrainingOptions { Validation = validation }, _noFile));

        Assert.Contains("--validation", error.Message);
    }

    private static LabelledText Text(int index, int label) => new() { Text = $"text {index}", Labels = [label] };
}
