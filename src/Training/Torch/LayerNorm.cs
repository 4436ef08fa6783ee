using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Encoders;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Torch;

/// <summary>A frozen layer norm.</summary>
internal sealed class LayerNorm : IDisposable
{
    private readonly Tensor _weight;
    private readonly Tensor _bias;
    private readonly double _epsilon;

    /// <summary>Copies the module's weights to the device in <paramref name="type"/>.</summary>
    public LayerNorm(ModelWeights weights, NormLayout norm, ScalarType type, Device device)
    {
        using var scope = NewDisposeScope();
        _epsilon = weights.Config.Shape.NormEpsilon;
        _weight = EncoderBody.ToTensor(weights[norm.Weight]).to(type).to(device).DetachFromDisposeScope();
        _bias = EncoderBody.ToTensor(weights[norm.Bias]).to(type).to(device).DetachFromDisposeScope();
    }

    /// <summary>Each row of x with mean 0 and variance 1, scaled and shifted; with a tape, its gradient too.</summary>
    public (Tensor Result, LocalGradient? Gradient) Forward(Tensor x, Tape? tape) =>
        LocalGradient.Run(input => nn.functional.layer_norm(input, _weight.shape, _weight, _bias, _epsilon), x, tape);

    /// <inheritdoc/>
    public void Dispose()
    {
        _weight.Dispose();
        _bias.Dispose();
    }
}
