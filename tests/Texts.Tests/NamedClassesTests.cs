using LoraOnnx.Model;

namespace LoraOnnx.Texts.Tests;

/// <summary>Names for the classes of a finished model, and labels of files in them.</summary>
public sealed class NamedClassesTests : IDisposable
{
    private static readonly ClassificationTask _nameless = Tasks.WithLabels("LABEL_0", "LABEL_1", "LABEL_2");
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("low mid high", null, "low mid high")]
    [InlineData("", "LABEL_2=high,LABEL_0=low", "low LABEL_1 high")]
    [InlineData("", "LABEL_2=high,LABEL_1=LABEL_1,LABEL_0=low", "low LABEL_1 high")]
    [InlineData("", "0=low,1=mid,2=high", "low mid high")]
    [InlineData("low mid high", "1-2=low,3=mid,4-5=high", "low mid high")]
    [InlineData("", "1-2=LABEL_0,3=LABEL_1", "LABEL_0 LABEL_1 LABEL_2")]
    public void Classes_without_names_get_those_of_the_user(string labels, string? map, string expected) =>
        Assert.Equal(expected.Split(' '), NamedClasses.Of(_nameless, Said(labels, map)).Task.Labels);

    [Theory]
    [InlineData("positive negative", "NEGATIVE POSITIVE")] // its own names, of which the order says what numbers in files mean
    [InlineData("pos neg", "neg pos")]
    [InlineData("bad good", "bad good")]
    public void Names_that_a_model_has_or_the_sense_of_which_it_has_are_not_turned_round(string labels, string expected) =>
        Assert.Equal(expected.Split(' '), NamedClasses.Of(Tasks.Reviews, Said(labels, null)).Task.Labels);

    [Theory]
    [InlineData("low high", null, "--labels has 2 names (low, high); the model has 3 classes: LABEL_0, LABEL_1, LABEL_2.")]
    [InlineData("", "0=low,1=LOW", "gives two classes one name: low, LOW, LABEL_2")]
    public void Names_that_cannot_be_are_refused(string labels, string? map, string expected) => Assert.Contains(expected,
        Assert.Throws<InputException>(() => NamedClasses.Of(_nameless, Said(labels, map))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("good=fine,bad=poor", "fine")]
    [InlineData("1-2=LABEL_0,3=LABEL_1,4-5=LABLE_2", "LABLE_2")]
    public void A_map_to_what_is_no_class_is_refused_before_a_row_is_read(string map, string target) =>
        Assert.Equal($"--label-map leads to '{target}', which is no class of the model: LABEL_0, LABEL_1, LABEL_2.",
            Assert.Throws<InputException>(() => NamedClasses.Of(_nameless, Said("", map))).Message);

    [Fact]
    public void A_map_to_words_of_the_classes_sense_speaks_of_labels()
    {
        var said = Said("", "schlecht=negative,gut=positive");

        var classes = NamedClasses.Of(Tasks.WithLabels("LABEL_0", "LABEL_1"), said);

        Assert.Equal(["LABEL_0", "LABEL_1"], classes.Task.Labels);
        Assert.Equal(said, classes.Options);
    }

    [Theory]
    [InlineData("mid 2 low", "low mid high", null, "1 2 0")]
    [InlineData("mid 2 low", "", "LABEL_0=low,LABEL_1=mid,LABEL_2=high", "1 2 0")]
    [InlineData("1 5 3", "low mid high", "1-2=low,3=mid,4-5=high", "0 2 1")]
    [InlineData("2 strange LABEL_0", "", null, "2 - 0")]
    public void Labels_of_files_are_read_by_those_names(string cells, string labels, string? map, string expected)
    {
        var file = _folder.Write("a.csv", "text,label\n" + string.Concat(cells.Split(' ').Select(cell => $"x,{cell}\n")));

        var read = LabelledTexts.Known(file, Said(labels, map), _nameless).Select(row => row is null ? "-" : string.Join('+', row));

        Assert.Equal(expected.Split(' '), read);
    }

    /// <summary>A column that has had a gap has its numbers with a point; they are still names before they are numbers of classes.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("1 3 5")]
    public void Numbers_with_a_point_are_the_classes_of_their_whole_numbers(string labels)
    {
        var file = _folder.Write("a.csv", "text,label\nx,1.0\nx,5.00\nx,3\n");
        var stars = Tasks.WithLabels("1", "3", "5");

        Assert.Equal([0, 2, 1], LabelledTexts.Known(file, Said(labels, null), stars).Select(row => Assert.Single(row!)));
    }

    private static TextOptions Said(string labels, string? map) =>
        new() { Labels = labels.Split(' ', StringSplitOptions.RemoveEmptyEntries), LabelMap = map };
}
