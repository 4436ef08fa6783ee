using System.Runtime.InteropServices;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Learning;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Torch;

/// <summary>AdamW for the CPU, on libtorch's memory and threads.</summary>
internal sealed class FusedAdamW(TrainedParameters parameters, OptimizerConstants constants, double loraPlusRatio) : IOptimizer
{
    private readonly AdamWPieces _pieces = new(parameters.Layout, constants, loraPlusRatio);

    /// <inheritdoc/>
    public long StepCount
    {
        get => _pieces.StepCount;
        set => _pieces.StepCount = value;
    }

    /// <inheritdoc/>
    public Tensor Step(double learningRate, double headLearningRate) =>
        tensor((float)_pieces.Step(learningRate, headLearningRate, Numbers, TorchThreads.For));

    /// <inheritdoc/>
    public void Dispose()
    {
        // The parameters are the caller's.
    }

    private FlatNumbers Numbers() =>
        new(Floats(parameters.Values), Floats(parameters.Gradients), Floats(parameters.Mean), Floats(parameters.Square));

    private static Span<float> Floats(Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.bytes);
}
