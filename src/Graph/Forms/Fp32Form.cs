using LoraOnnx.Model.Encoders;

namespace LoraOnnx.Graph.Forms;

/// <summary>The numbers as they were trained.</summary>
internal sealed class Fp32Form : WeightForm
{
    /// <inheritdoc/>
    public override Precision Precision => Precision.Fp32;

    /// <inheritdoc/>
    public override bool Takes(EncoderLayout layout, string key) => false;
}
