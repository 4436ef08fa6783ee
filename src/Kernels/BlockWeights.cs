using LoraOnnx.Kernels.Steps;

namespace LoraOnnx.Kernels;

/// <summary>What a block of an encoder is made of.</summary>
/// <param name="Queries">Queries, keys and values side by side; in the last block, where only first tokens ask, queries alone.</param>
/// <param name="KeysValues">The last block's keys and values side by side, else null.</param>
/// <param name="Output">The linear behind attention.</param>
/// <param name="AttentionNorm">The norm behind it.</param>
/// <param name="Up">The linear before the activation.</param>
/// <param name="Activation">The activation.</param>
/// <param name="Down">The linear after it.</param>
/// <param name="OutputNorm">The last norm.</param>
public sealed record BlockWeights(
    PackedWeights Queries, PackedWeights? KeysValues, PackedWeights Output, NormTensors AttentionNorm, PackedWeights Up,
    LinearActivation Activation, PackedWeights Down, NormTensors OutputNorm);
