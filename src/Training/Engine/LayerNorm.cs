using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Engine;

/// <summary>A frozen layer norm.</summary>
internal sealed class LayerNorm : IDisposable
{
    private readonly Tensor _weight;
    private readonly Tensor _bias;

    /// <summary>Copies the module's weights to the device in <paramref name="type"/>.</summary>
    public LayerNorm(ModelWeights weights, string module, ScalarType type, Device device)
    {
        using var scope = NewDisposeScope();
        _weight = Encoder.ToTensor(weights[$"{module}.weight"]).to(type).to(device).DetachFromDisposeScope();
        _bias = Encoder.ToTensor(weights[$"{module}.bias"]).to(type).to(device).DetachFromDisposeScope();
    }

    /// <summary>Each row of x with mean 0 and variance 1, scaled and shifted; with a tape, its gradient too.</summary>
    public (Tensor Result, LocalGradient? Gradient) Forward(Tensor x, Tape? tape) =>
        LocalGradient.Run(input => nn.functional.layer_norm(input, _weight.shape, _weight, _bias, DistilBertConfig.LayerNormEpsilon), x, tape);

    /// <inheritdoc/>
    public void Dispose()
    {
        _weight.Dispose();
        _bias.Dispose();
    }
}
