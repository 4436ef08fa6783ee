namespace LoraOnnx.Texts.Tests;

/// <summary>Parquet files that name the classes behind their numbers, as the datasets library writes them.</summary>
public sealed class ClassLabelTests : ReadingTests
{
    private const string Metadata = """
        {"info": {"features": {
            "label": {"names": ["neg", "pos"], "_type": "ClassLabel"},
            "tags": {"feature": {"names": ["a"], "_type": "ClassLabel"}, "_type": "Sequence"}}}}
        """;

    /// <summary>Its metadata says 0 = positive, 1 = negative; its labels are 1, 0, 1.</summary>
    private static string Flipped => Repository.Path("tests", "Texts.Tests", "foreign", "class-label.parquet");

    [Fact]
    public void Numbers_are_the_files_classes_not_the_models()
    {
        Assert.Equal([0, 1, 0], ReadFile(Flipped).Select(text => text.Labels[0]));
        Assert.Equal([1, 0, 1], ReadFile(Flipped, task: Tasks.WithLabels("pos", "neg")).Select(text => text.Labels[0]));
    }

    [Fact]
    public void Classes_that_the_model_does_not_have_are_refused_with_both_lists()
    {
        var failure = Assert.Throws<InputException>(() => ReadFile(Flipped, task: Tasks.WithLabels("cats", "dogs")));

        Assert.Contains("'label' is \"negative\", expected 0 to 1 or a name of the classes (cats, dogs)", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_the_models_names_say_nothing_numbers_count()
    {
        Assert.Equal([0, 1, 0], ReadFile(Flipped, task: Tasks.WithLabels("LABEL_0", "LABEL_1"))
            .Select(text => text.Labels[0])); // these two mean negative and positive
        Assert.Equal([1, 0, 1], ReadFile(Flipped, task: Tasks.WithLabels("LABEL_0", "LABEL_1", "LABEL_2")).Select(text => text.Labels[0]));
    }

    [Fact]
    public void Names_are_found_in_features_of_one_class_and_of_several()
    {
        Assert.Equal(["neg", "pos"], ClassLabelNames.Of(Metadata, "label"));
        Assert.Equal(["a"], ClassLabelNames.Of(Metadata, "tags"));
        Assert.Null(ClassLabelNames.Of(Metadata, "text"));
        Assert.Null(ClassLabelNames.Of("not JSON", "label"));
        Assert.Null(ClassLabelNames.Of(null, "label"));
    }

    [Theory]
    [InlineData("-1", "'label' is -1, which stands for no label.")]
    [InlineData("2", "'label' is 2, the file names 2 classes (neg, pos).")]
    public void A_number_without_a_name_is_an_error(string number, string problem) =>
        Assert.EndsWith(problem, Assert.Throws<InputException>(() =>
            ClassLabelNames.Named(["neg", "pos"], new LabelCell(LabelKind.Whole, number), new RowPlace("x", 1))).Message, StringComparison.Ordinal);
}
