using LoraOnnx.Model.Adapters.Kinds;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Torch;

/// <summary>DoRA: beside A and B the lengths of the rows of W + scale·B·A are trained.</summary>
internal sealed class DoraTensors(AdapterSource source) : AdapterTensors(source)
{
    /// <inheritdoc/>
    public override Tensor Magnitude => Value(AdapterPart.Magnitude);

    /// <inheritdoc/>
    public override void AddMagnitudeGradient(Tensor gradient) => Gradient(AdapterPart.Magnitude).add_(gradient, Scalars.One);
}
