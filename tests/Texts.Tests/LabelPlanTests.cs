using LoraOnnx.Model;

namespace LoraOnnx.Texts.Tests;

/// <summary>Which classes come of labels, with and without a head that could be kept.</summary>
public sealed class LabelPlanTests : IDisposable
{
    private static readonly ClassificationTask _nameless = Tasks.WithLabels("LABEL_0", "LABEL_1");
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("0 1", "NEGATIVE POSITIVE", "")]
    [InlineData("positive Negative", "NEGATIVE POSITIVE", "")]
    [InlineData("1.0 0.0", "NEGATIVE POSITIVE", "")]
    [InlineData("pos neg", "NEGATIVE POSITIVE", "labels: pos as POSITIVE, neg as NEGATIVE.")]
    [InlineData("True False", "NEGATIVE POSITIVE", "labels: True as POSITIVE, False as NEGATIVE.")]
    public void Labels_that_the_base_covers_keep_its_head(string labels, string classes, string note)
    {
        var plan = Of(labels, Tasks.Reviews, hasHead: true);

        Assert.False(plan.IsNew);
        Assert.Equal(classes.Split(' '), plan.Task.Labels);
        Assert.Equal(note, string.Concat(plan.Notes));
    }

    [Fact]
    public void Part_of_the_bases_names_is_enough() => Assert.False(Of("war crime", Tasks.WithLabels("war", "love", "crime"), hasHead: true).IsNew);

    [Theory]
    [InlineData("5 1 3 10", "1 3 5 10")]
    [InlineData("4.5 1.0 3", "1 3 4.5")]
    [InlineData("3.0 1.0 5.0", "1 3 5")]
    [InlineData("1.0 -1.0", "-1 1")]
    [InlineData("pos neutral neg", "neg neutral pos")]
    [InlineData("b B a", "B a b")]
    public void Others_get_a_new_head_numbers_ascending_names_in_ordinal_order(string labels, string classes)
    {
        var plan = Of(labels, Tasks.Reviews, hasHead: true);

        Assert.True(plan.IsNew);
        Assert.Equal(classes.Split(' '), plan.Task.Labels);
        Assert.Equal(classes.Split(' '), Of(labels, _nameless, hasHead: false).Task.Labels);
    }

    [Fact]
    public void A_new_head_is_announced_with_the_map_that_would_keep_the_old()
    {
        var note = Assert.Single(Of("1 2 3 4", Tasks.Reviews, hasHead: true).Notes);

        Assert.StartsWith("a new head for 4 classes from the labels: 1, 2, 3, 4; the base's head for NEGATIVE, POSITIVE is left.", note,
            StringComparison.Ordinal);
        Assert.EndsWith("To keep it: --label-map 1=NEGATIVE,2=NEGATIVE,3=POSITIVE,4=POSITIVE", note, StringComparison.Ordinal);
        var kept = Of("1 2 3 4", Tasks.Reviews, hasHead: true,
            new TextOptions { LabelMap = note[(note.IndexOf("--label-map ", StringComparison.Ordinal) + 12)..] });
        Assert.False(kept.IsNew);
        Assert.Same(Tasks.Reviews, kept.Task);
    }

    [Theory]
    [InlineData("neg pos positive", null, "neg=negative,pos=positive,positive=positive")]
    [InlineData("no yes", null, "no=negative,yes=positive")]
    [InlineData("no yes", "no=bad,yes=positive", "no=negative,yes=positive")]
    [InlineData("1 2 3 4", null, "1=negative,2=negative,3=neutral,4=positive")]
    public void That_map_goes_by_the_sense_of_words_and_else_from_one_end_to_the_other(string labels, string? map, string expected)
    {
        var three = Tasks.WithLabels("negative", "neutral", "positive");

        var note = Assert.Single(Of(labels, three, hasHead: true, new TextOptions { LabelMap = map }).Notes);

        Assert.EndsWith($"To keep it: --label-map {expected}", note, StringComparison.Ordinal);
        Assert.False(Of(labels, three, hasHead: true, new TextOptions { LabelMap = expected }).IsNew);
    }

    [Fact]
    public void A_base_without_a_head_gets_one_for_names_from_the_data_or_from_its_config()
    {
        Assert.Equal(["neg", "pos"], Of("pos neg", _nameless, hasHead: false).Task.Labels);
        Assert.Equal(["LABEL_0", "LABEL_1"], Of("1 0", _nameless, hasHead: false).Task.Labels);
        Assert.Equal(["war", "love", "crime"], Of("crime war", Tasks.WithLabels("war", "love", "crime"), hasHead: false).Task.Labels);
        Assert.True(Of("1 0", _nameless, hasHead: false).IsNew);
    }

    [Fact]
    public void Labels_that_are_named_are_the_classes_in_that_order()
    {
        var three = new TextOptions { Labels = ["negative", "neutral", "positive"] };

        Assert.Equal(three.Labels, Of("2 0", _nameless, hasHead: false, three).Task.Labels);
        Assert.True(Of("positive neutral", Tasks.Reviews, hasHead: true, three).IsNew);
        Assert.False(Of("2 0", Tasks.WithLabels("LABEL_0", "LABEL_1", "LABEL_2"), hasHead: true, three).IsNew);
        Assert.False(Of("pos neg", Tasks.Reviews, hasHead: true, new TextOptions { Labels = ["neg", "pos"] }).IsNew);
        Assert.True(Of("pos neg", Tasks.Reviews, hasHead: true, new TextOptions { Labels = ["pos", "neg"] }).IsNew);
        Assert.Contains("'label' is \"mixed\"", Fails("positive mixed", three), StringComparison.Ordinal);
    }

    [Fact]
    public void Ranges_and_names_are_mapped_and_what_a_map_leaves_out_is_an_error()
    {
        var stars = new TextOptions { LabelMap = "1-2=negative,3=neutral,4-5=positive" };

        Assert.Equal(["negative", "neutral", "positive"], Of("1 5 3 2 4", Tasks.Reviews, hasHead: true, stars).Task.Labels);
        Assert.Equal(["negative", "positive"], Of("1.0 4.5", _nameless, hasHead: false, stars).Task.Labels);
        Assert.Contains("'label' is \"3\", expected one that --label-map names", Fails("1 3 5", new TextOptions { LabelMap = "1-2=a,4-5=b" }),
            StringComparison.Ordinal);
        Assert.Contains("--labels has one name (pos)", Fails("pos neg", new TextOptions { Labels = ["pos"] }), StringComparison.Ordinal);
        Assert.Contains("'label' is \"0\", expected one that --label-map names: neg, pos.",
            Fails("0 neg pos", new TextOptions { LabelMap = "neg=NEGATIVE,pos=POSITIVE" }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pos", "has 'pos'")]
    [InlineData("a=b,a=c", "maps 'a' twice")]
    [InlineData("1-3=b,2=c", "maps '2' twice")]
    [InlineData("5-1=b", "the range '5-1'")]
    [InlineData("1..3=b", "a range is written 1-2: 1-3=b.")]
    [InlineData("1 to 3=b", "a range is written 1-2: 1-3=b.")]
    [InlineData("pos=a neg=b", "has 'pos=a neg=b', expected pairs with commas between them")]
    public void A_malformed_map_is_named(string map, string problem) =>
        Assert.Contains(problem, Assert.Single(new TextOptions { LabelMap = map }.Problems()), StringComparison.Ordinal);

    [Fact]
    public void One_class_only_is_refused()
    {
        Assert.Contains("all 2 training texts have the label 'POSITIVE', expected at least two classes.", Fails("1 1"), StringComparison.Ordinal);
        Assert.Contains("have the label 'same'", Fails("same same same"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_column_of_measurements_is_no_column_of_labels() =>
        Assert.Contains("60 different labels", Fails(string.Join(' ', Enumerable.Range(100, 60))), StringComparison.Ordinal);

    [Fact]
    public void Lists_bars_and_columns_mean_several_labels_a_text()
    {
        var lists = OfFile("a.jsonl", "{\"text\": \"a\", \"labels\": [\"joy\", \"fear\"]}\n{\"text\": \"b\", \"labels\": []}\n");
        var bars = OfFile("a.csv", "text,labels\na,joy|fear\nb,joy\nc,\n");
        var columns = OfFile("b.csv", "text,joy,fear\na,1,1\nb,0,0\n", new TextOptions { LabelColumns = ["joy", "fear"] });
        var flags = OfFile("b.jsonl", "{\"text\": \"a\", \"labels\": [1.0, 0.0, 0.0]}\n");

        Assert.Equal(["fear", "joy"], lists.Task.Labels);
        Assert.Equal(["fear", "joy"], bars.Task.Labels);
        Assert.Equal(["joy", "fear"], columns.Task.Labels);
        Assert.Equal(["LABEL_0", "LABEL_1", "LABEL_2"], flags.Task.Labels);
        Assert.All(new[] { lists, bars, columns, flags }, plan => Assert.True(plan is { IsNew: true, Task.IsMultiLabel: true }));
    }

    private string Fails(string labels, TextOptions? options = null) =>
        Assert.Throws<InputException>(() => Of(labels, Tasks.Reviews, hasHead: true, options)).Message;

    private LabelPlan OfFile(string name, string content, TextOptions? options = null) =>
        Plan(name, content, options ?? new TextOptions(), Tasks.Reviews, hasHead: true);

    private LabelPlan Of(string labels, ClassificationTask @base, bool hasHead, TextOptions? options = null) =>
        Plan("a.csv", "text,label\n" + string.Concat(labels.Split(' ').Select(label => $"x,{label}\n")), options ?? new TextOptions(), @base,
            hasHead);

    private LabelPlan Plan(string name, string content, TextOptions options, ClassificationTask @base, bool hasHead) => LabelPlan.Of(
        [.. TextRows.Read(_folder.Write(name, content), options, labelled: true, TextNotices.None, null, CancellationToken.None)], options, @base,
            hasHead);
}
