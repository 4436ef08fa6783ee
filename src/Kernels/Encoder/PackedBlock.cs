using LoraOnnx.Kernels.Steps;

namespace LoraOnnx.Kernels.Encoder;

/// <summary>One block of an encoder.</summary>
/// <param name="Queries">Makes queries; in all blocks but the last queries, keys and values side by side.</param>
/// <param name="KeysValues">Makes keys and values side by side in the last block, where only first tokens ask; else null.</param>
/// <param name="Output">The linear behind attention.</param>
/// <param name="AttentionNorm">The norm behind it.</param>
/// <param name="Up">The linear before the activation, and the activation.</param>
/// <param name="Down">The linear after it.</param>
/// <param name="OutputNorm">The last norm.</param>
internal sealed record PackedBlock(
    PackedLinear Queries, PackedLinear? KeysValues, PackedLinear Output, LayerNorm AttentionNorm, PackedLinear Up, PackedLinear Down,
    LayerNorm OutputNorm)
{
    /// <summary>All linears.</summary>
    public IEnumerable<PackedLinear> Linears => KeysValues is null ? [Queries, Output, Up, Down] : [Queries, KeysValues, Output, Up, Down];
}
