using LoraOnnx.Model.Encoders;

namespace LoraOnnx.Graph.Forms;

/// <summary>fp32 numbers that a processor's kernels round when they lay them out; never a file of its own.</summary>
internal sealed class Bf16Form : WeightForm
{
    /// <inheritdoc/>
    public override Precision Precision => Precision.Bf16;

    /// <inheritdoc/>
    public override bool IsOfFiles => false;

    /// <inheritdoc/>
    public override Precision OnCpu => Precision.Fp32;

    /// <inheritdoc/>
    public override bool Takes(EncoderLayout layout, string key) => false;
}
