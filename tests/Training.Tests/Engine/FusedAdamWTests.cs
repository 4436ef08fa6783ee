using LoraOnnx.Model.Safetensors;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Learning;
using LoraOnnx.Training.Torch;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Tests.Engine;

public sealed class FusedAdamWTests
{
    public FusedAdamWTests() => NativeTorch.Prepare(null);

    [Theory]
    [InlineData(0)]
    [InlineData(0.5)]
    public void One_pass_gives_what_the_operations_on_tensors_give(double clipNorm)
    {
        // Another order of fp32 operations, over 20 steps of size 1e-2.
        const double Tolerance = 2e-6;
        var constants = new OptimizerConstants { ClipNorm = clipNorm };
        using var scope = NewDisposeScope();
        using var ours = Parameters();
        using var torchs = Parameters();
        using var fused = new FusedAdamW(ours, constants, loraPlusRatio: 4);
        using var plain = new AdamW(torchs, constants, loraPlusRatio: 4);
        for (var step = 0; step < 20; step++)
        {
            var gradients = Gradients(step, ours.Count);
            ours.Gradients.copy_(gradients);
            torchs.Gradients.copy_(gradients);

            var (norm, other) = (fused.Step(1e-2, 5e-3).item<float>(), plain.Step(1e-2, 5e-3).item<float>());

            Assert.Equal(other, norm, tolerance: 1e-5f * other);
        }

        foreach (var (buffer, other) in (ReadOnlySpan<(Tensor, Tensor)>)[(ours.Values, torchs.Values), (ours.Mean, torchs.Mean),
            (ours.Square, torchs.Square)])
        {
            var largest = (buffer - other).abs().max().item<float>();
            TestContext.Current.TestOutputHelper?.WriteLine($"largest difference {largest:g3}");
            Assert.True(largest <= Tolerance, $"largest difference {largest:g3}, allowed {Tolerance:g3}.");
        }
    }

    [Fact]
    public void Bits_do_not_depend_on_the_number_of_threads()
    {
        var before = get_num_threads();
        try
        {
            Assert.Equal(AfterAStep(1), AfterAStep(2));
        }
        finally
        {
            set_num_threads(before);
        }

        static float[] AfterAStep(int threads)
        {
            using var scope = NewDisposeScope();
            set_num_threads(threads);
            using var parameters = Parameters();
            using var optimizer = new FusedAdamW(parameters, new OptimizerConstants(), loraPlusRatio: 1);
            parameters.Gradients.copy_(Gradients(7, parameters.Count));
            return [optimizer.Step(1e-2, 5e-3).item<float>(), .. parameters.Values.data<float>()];
        }
    }

    private static Tensor Gradients(int seed, long count)
    {
        var random = new Random(seed);
        return tensor(Enumerable.Range(0, (int)count).Select(_ => (4 * random.NextSingle()) - 2).ToArray());
    }

    /// <summary>A tensor of each kind, none of a length that fills vectors, one longer than a piece.</summary>
    private static TrainedParameters Parameters()
    {
        var random = new Random(1);
        return new TrainedParameters(Enum.GetValues<ParameterKind>().Select((kind, index) =>
        {
            var count = index == 1 ? 40_003 : 37 + index;
            return new ParameterSpec(
                new NamedTensor(kind.ToString(), [count], [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)]), kind);
        }), CPU);
    }
}
