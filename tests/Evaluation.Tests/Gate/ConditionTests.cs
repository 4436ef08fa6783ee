using LoraOnnx.Evaluation.Gate;

namespace LoraOnnx.Evaluation.Tests.Gate;

public sealed class ConditionTests
{
    private static readonly string[] _models = ["raw", "lora-r8"];

    [Theory]
    [InlineData("lora-r8.f1 >= raw.f1 + 0.01", 0.9, 0.81, true)]
    [InlineData("lora-r8.f1>=raw.f1+.1", 0.9, 0.9, false)]
    [InlineData("lora-r8.f1-raw.f1 > 1e-1", 0.9, 0.1, true)]
    [InlineData("lora-r8.f1 - 2*-1 == 3", 1, 0, true)]
    [InlineData("(raw.f1 + lora-r8.f1) / 2 < 0.75", 0.9, 0.5, true)]
    [InlineData("1 - raw.f1 * 2 != 1 - 1 * raw.f1 * 2", 0.9, 0.5, false)]
    [InlineData("10 - 2 - 3 <= 5", 0, 0, true)]
    [InlineData("8 / 4 / 2 > 1", 0, 0, false)]
    public void Arithmetic_and_comparisons_are_those_of_school(string expression, double lora, double raw, bool expected)
    {
        var condition = Condition.Parse(expression, _models);

        var result = condition.Evaluate(name => name == "raw.f1" ? raw : lora);

        Assert.True(expected == result.Holds, result.Describe());
    }

    [Theory]
    [InlineData("lora.f1 > 1", "there is no model 'lora'; there is raw, lora-r8")]
    [InlineData("raw.f2 > 1", "'raw.f2' is not a figure of raw")]
    [InlineData("raw > 1", "'raw' is not a figure of raw")]
    [InlineData("raw.f1", "ends, expected a comparison")]
    [InlineData("raw.f1 > 1 > 2", "has '>' at character 12, expected the end")]
    [InlineData("raw.f1 >= ", "ends, expected a number or a figure")]
    [InlineData("(raw.f1 > 1", "has '>' at character 9, expected ')'")]
    [InlineData("raw.f1 = 1", "'=' at character 8 means nothing")]
    [InlineData("raw.f1 > 1.2.3", "has '1.2.3' at character 10, expected a number")]
    [InlineData("", "ends, expected a number or a figure")]
    public void What_is_not_an_expression_is_said_with_its_place(string expression, string expected)
    {
        var error = Assert.Throws<InputException>(() => Condition.Parse(expression, _models));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.NotNull(error.Hint);
    }

    [Fact]
    public void The_figures_in_it_are_told()
    {
        var result = Condition.Parse("lora-r8.f1 >= raw.f1 + 0.01", _models).Evaluate(name => name == "raw.f1" ? 0.866 : 0.87);

        Assert.Equal("lora-r8.f1 >= raw.f1 + 0.01: 0.87 against 0.876 (lora-r8.f1 = 0.87, raw.f1 = 0.866)", result.Describe());
    }
}
