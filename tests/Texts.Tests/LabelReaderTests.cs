using System.Text.Json;
using LoraOnnx.Model;

namespace LoraOnnx.Texts.Tests;

/// <summary>Lists of labels: whole numbers and names are classes, true/false and numbers with a point are flags.</summary>
public sealed class LabelReaderTests
{
    private static readonly ClassificationTask _two = Tasks.WithLabels("toxic", "rude") with { ProblemType = ProblemType.MultiLabel };

    [Theory]
    [InlineData("[0, 1]", new[] { 0, 1 })]
    [InlineData("[1, 0]", new[] { 1, 0 })]
    [InlineData("[1]", new[] { 1 })]
    [InlineData("[]", new int[0])]
    [InlineData("[0.0, 1.0]", new[] { 1 })]
    [InlineData("[1.0, 1e0]", new[] { 0, 1 })]
    [InlineData("[0.0, 0.0]", new int[0])]
    [InlineData("[false, true]", new[] { 1 })]
    [InlineData("[\"rude\"]", new[] { 1 })]
    [InlineData("[\"rude\", 0]", new[] { 1, 0 })]
    [InlineData("\"toxic\"", new[] { 0 })]
    [InlineData("1", new[] { 1 })]
    public void Whole_numbers_are_classes_and_numbers_with_a_point_are_flags(string label, int[] expected) =>
        Assert.Equal(expected, Read(_two, label));

    [Theory]
    [InlineData("[0, 0]", "names a class twice")]
    [InlineData("[1, 1]", "names a class twice")]
    [InlineData("[1.0]", "has 1 flags [1.0], expected one for each of the 2 classes")]
    [InlineData("[0.0, 0.5]", "expected flags that are 0.0 or 1.0")]
    [InlineData("[1, 0.0]", "mixes classes and flags")]
    [InlineData("[true, \"rude\"]", "mixes classes and flags")]
    [InlineData("[2]", "'label' is 2, expected 0 to 1")]
    [InlineData("[null]", "'label' is null")]
    [InlineData("true", "'label' is true")]
    public void What_is_neither_is_an_error(string label, string problem)
    {
        var failure = Assert.Throws<InputException>(() => Read(_two, label));

        Assert.Contains("x:3: ", failure.Message, StringComparison.Ordinal);
        Assert.Contains(problem, failure.Message, StringComparison.Ordinal);
    }

    private static int[] Read(ClassificationTask config, string label)
    {
        using var json = JsonDocument.Parse(label);
        return new LabelReader(config, new TextOptions()).Read(RawLabel.Of(json.RootElement), new RowPlace("x", 3));
    }
}
