using LoraOnnx.Evaluation.Models;

namespace LoraOnnx.Evaluation.Tests.Models;

public sealed class ModelArgumentTests
{
    [Fact]
    public void Names_come_from_directories_and_are_made_unique()
    {
        var names = ModelArgument.ParseAll(
            ["onnx/raw", "runs/lora", "other/lora/", "onnx/lora/model.onnx", "onnx/lora/model.int8.onnx", "http://127.0.0.1:50051/sentiment"])
            .Select(argument => argument.Name);

        Assert.Equal(["raw", "lora", "lora-2", "lora-3", "lora-int8", "sentiment"], names);
    }

    [Fact]
    public void A_given_name_wins_over_a_default_one_that_comes_first()
    {
        var models = ModelArgument.ParseAll(["runs/lora", "lora=runs/other"]);

        Assert.Equal([new ModelArgument("lora-2", "runs/lora"), new ModelArgument("lora", "runs/other")], models);
    }

    [Fact]
    public void An_equals_sign_inside_a_path_is_part_of_the_path() =>
        Assert.Equal("./runs/lr=1/lora", ModelArgument.ParseAll(["./runs/lr=1/lora"])[0].Path);

    [Theory]
    [InlineData("a=x", "a=y"), InlineData("1a=x", "b=y"), InlineData("a b=x", "b=y"), InlineData("a=", "b=y")]
    public void Bad_names_are_errors(string first, string second) => Assert.Throws<InputException>(() => ModelArgument.ParseAll([first, second]));
}
