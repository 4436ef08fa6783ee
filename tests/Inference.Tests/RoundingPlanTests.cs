using LoraOnnx.Graph;
using LoraOnnx.Graph.Rounding;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Inference.Tests;

/// <summary>8-bit forms that leave matrices as they are and smooth the inputs of others.</summary>
public sealed class RoundingPlanTests : IDisposable
{
    private readonly TinyModel _tiny = new();

    private readonly EncodedText[] _texts = [.. Enumerable.Range(4, 20).Select(length => new EncodedText(TinyModel.Ids(length, length), length))];

    public void Dispose() => _tiny.Dispose();

    [Fact]
    public void An_outlier_in_an_input_is_moved_into_the_weights_and_costs_no_steps_of_the_others()
    {
        AddOutlier();
        var smooth = RoundingPlan.Smoothed(_tiny.Weights, InputStatistics.LargestSizes(_tiny.Weights, _texts, TestContext.Current.CancellationToken));

        var (plain, smoothed) = (Error(RoundingPlan.Plain), Error(smooth));

        Assert.True(smoothed < plain / 4, $"root mean square of the logits' change: {smoothed} smoothed, {plain} plain");
    }

    [Theory]
    [InlineData(Precision.Int8)]
    [InlineData(Precision.Int8Dynamic)]
    public void A_file_with_matrices_in_fp32_smoothed_inputs_and_fitted_weights_is_known_and_served_packed(Precision precision)
    {
        var (groups, stop) = (MatrixGroup.Of(_tiny.Config.Layout), TestContext.Current.CancellationToken);
        var group = groups[1];
        var smoothed = RoundingPlan.Smoothed(_tiny.Weights, InputStatistics.LargestSizes(_tiny.Weights, _texts, stop)).Without(group);
        var plan = smoothed.Fit(_tiny.Weights, precision, InputStatistics.Moments(_tiny.Weights, groups, _texts, stop));
        var file = Path.Combine(_tiny.Checkpoint, $"model.{EnumNames.Of(precision)}.onnx");
        using (var stream = File.Create(file))
        {
            OnnxModelFile.Write(stream, _tiny.Weights, OnnxModelFile.DefaultOpset, [], precision, plan: plan);
        }

        using var loaded = TextClassifier.Load(file, ModelFolder.Cpu);
        using var memory = TextClassifier.FromWeights(_tiny.Weights, _tiny.Checkpoint, ModelFolder.Cpu, precision, plan);

        Assert.Equal((precision, ServedForm.Packed), (loaded.Model.Precision, loaded.Model.Form));
        Assert.Equal(memory.Run(_texts, TestContext.Current.CancellationToken), loaded.Run(_texts, TestContext.Current.CancellationToken));
        Assert.All(group.Weights, weight => Assert.Contains(weight, plan.Exact));
        Assert.NotEqual(Error(RoundingPlan.Plain, precision), Error(smoothed, precision));
        Assert.InRange(Error(plan, precision), 0, 0.9 * Error(smoothed, precision));
    }

    /// <summary>A channel of attention's result 200 times as large, and what reads it 200 times as small: the same function.</summary>
    private void AddOutlier()
    {
        var (block, width) = (_tiny.Config.Layout.Blocks[0], _tiny.Config.Shape.Width);
        const int Channel = 3;
        const float Factor = 200;
        var (values, bias, output) = (_tiny.Weights[block.Value.Weight].Values, _tiny.Weights[block.Value.Bias].Values,
            _tiny.Weights[block.Output.Weight].Values);
        bias[Channel] *= Factor;
        for (var i = 0; i < width; i++)
        {
            values[(Channel * width) + i] *= Factor;
            output[(i * width) + Channel] /= Factor;
        }
    }

    private double Error(RoundingPlan plan, Precision precision = Precision.Int8Dynamic)
    {
        using var exact = TextClassifier.FromWeights(_tiny.Weights, _tiny.Checkpoint, ModelFolder.Cpu);
        using var rounded = TextClassifier.FromWeights(_tiny.Weights, _tiny.Checkpoint, ModelFolder.Cpu, precision, plan);
        var expected = exact.Run(_texts, TestContext.Current.CancellationToken);
        var found = rounded.Run(_texts, TestContext.Current.CancellationToken);
        return Math.Sqrt(expected.Zip(found, (a, b) => a.Zip(b, (x, y) => (double)(x - y) * (x - y)).Sum()).Average());
    }
}
