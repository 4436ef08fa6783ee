using LoraOnnx.Graph;
using LoraOnnx.Graph.Rounding;
using LoraOnnx.Merge.Rounding;

namespace LoraOnnx.Merge.Tests.Rounding;

public sealed class RoundingSearchTests : IDisposable
{
    private readonly TinyModel _model = new(new TinyModelOptions { Layers = 4 });

    public void Dispose() => _model.Dispose();

    [Theory]
    [InlineData(Precision.Int8)]
    [InlineData(Precision.Int8Dynamic)]
    public void The_matrix_whose_rounding_moves_most_is_the_first_to_stay_in_fp32_and_one_is_rounded_at_last(Precision precision)
    {
        var loud = _model.Config.Layout.Blocks[2].Output;
        foreach (ref var weight in _model.Weights[loud.Weight].Values.AsSpan())
        {
            weight *= 30;
        }

        _model.Save(_model.Weights.Tensors);
        var options = new MergeOptions { Model = _model.Checkpoint, Out = "unused.onnx", Precision = precision };
        var input = MergeInput.Read(options, TestContext.Current.CancellationToken);

        var plans = new RoundingSearch(input, input.Weights, options, TestContext.Current.CancellationToken).Plans().ToList();

        var whole = plans.TakeWhile(plan => plan.Exact.Count == 0).ToList();
        Assert.Equal(2, whole.Count); // fitted, and as they are
        Assert.NotEmpty(whole[0].Fitted);
        Assert.Equal([loud.Weight], plans[whole.Count].Exact);
        Assert.All(plans.Zip(plans.Skip(1)), pair => Assert.Superset(pair.First.Exact.ToHashSet(), pair.Second.Exact.ToHashSet()));
        var groups = MatrixGroup.Of(input.Weights.Config.Layout);
        Assert.Single(groups, group => !group.Weights.All(plans[^1].Exact.Contains));
    }

    [Fact]
    public void Without_a_run_rounding_is_fitted_to_the_built_in_texts_and_what_stayed_is_said()
    {
        var result = Command.Run(Repository.Path("bin", "lora-merge"),
            ["--model", _model.Checkpoint, "--no-verify", "--precision", "int8-dynamic", "--out", Path.Combine(_model.Folder, "onnx", "model.onnx")]);

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Contains("rounding is fitted to 69 texts of the built-in sample", result.Error, StringComparison.Ordinal);
        Assert.Contains("int8-dynamic: all matrices in 8 bits", result.Error, StringComparison.Ordinal);
        Assert.Contains("on 256 texts", result.Error, StringComparison.Ordinal);
    }
}
