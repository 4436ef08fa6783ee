using static TorchSharp.torch;

namespace LoraOnnx.Training.Torch;

/// <summary>Clipping and torch's AdamW over the flat buffers of <see cref="TrainedParameters"/>.</summary>
internal interface IOptimizer : IDisposable
{
    /// <summary>Steps done.</summary>
    long StepCount { get; set; }

    /// <summary>Clips the gradients, updates all parameters, and returns the gradient norm before clipping (a scalar on the device; the caller's
    /// scope disposes).</summary>
    Tensor Step(double learningRate, double headLearningRate);
}
