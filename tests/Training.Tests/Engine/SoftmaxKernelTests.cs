using LoraOnnx.Training.Torch;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Tests.Engine;

public sealed class SoftmaxKernelTests
{
    private const float Scale = 0.37f;

    public SoftmaxKernelTests() => NativeTorch.Prepare(null);

    [Theory]
    [InlineData(false, 2e-6)] // fp32, and a sum of up to 96 numbers
    [InlineData(true, 1e-2)] // bf16 results: 8 bits
    public void Corners_are_what_libtorch_gives_and_the_rest_is_zero(bool half, double tolerance)
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        var type = half ? ScalarType.BFloat16 : ScalarType.Float32;
        (int Rows, int Columns)[] counted = [(96, 96), (70, 65), (1, 1), (31, 48)];
        var scores = (randn(4, 96, 96) * 20).to(type);
        var upstream = randn(4, 96, 96).to(type);
        var probabilities = scores.clone();
        var gradient = upstream.clone();

        SoftmaxKernel.Forward(probabilities, Scale, matrix => counted[matrix]);
        SoftmaxKernel.Backward(gradient, probabilities, Scale);

        var (expected, expectedGradient) = (zeros(4, 96, 96), zeros(4, 96, 96));
        for (var matrix = 0; matrix < counted.Length; matrix++)
        {
            Tensor Corner(Tensor tensor) => tensor[matrix].narrow(0, 0, counted[matrix].Rows).narrow(1, 0, counted[matrix].Columns);
            var leaf = Corner(scores).to(ScalarType.Float32).detach().requires_grad_(true);
            var result = (leaf * Scale).softmax(-1);
            Corner(expected).copy_(result.detach());
            Corner(expectedGradient).copy_(autograd.grad([result], [leaf], [Corner(upstream).to(ScalarType.Float32)])[0]);
        }

        var largest =
            Math.Max((probabilities.to(ScalarType.Float32) - expected).abs().max().item<float>(),
                (gradient.to(ScalarType.Float32) - expectedGradient).abs().max().item<float>());
        TestContext.Current.TestOutputHelper?.WriteLine($"largest difference {largest:g3}");
        Assert.True(largest <= tolerance, $"largest difference {largest:g3}, allowed {tolerance:g3}.");
    }
}
