using LoraOnnx.Model;

namespace LoraOnnx.Inference;

/// <summary>Where and how a model runs.</summary>
public sealed record InferenceOptions
{
    /// <summary>Where it runs; null: on a GPU where one can be used, else on the processor.</summary>
    public ComputeDevice? Device { get; init; }

    /// <summary>Threads inside one run; 0: all cores the process may use.</summary>
    public int Threads { get; init; }

    /// <summary>
    /// <c>bf16</c>: made of an fp32 or fp16 file's weights on load, for processors with AVX512-BF16; elsewhere the file as it is, with one line.
    /// <c>fp32</c>, <c>fp16</c>, <c>int8</c> or <c>int8-dynamic</c>: made of the weights on load where no such file is there, the 8-bit ones only
    /// behind their <see cref="AccuracyGate"/>. Null: as <see cref="PrecisionRule.Auto"/>, without its line and its gate.
    /// </summary>
    public PrecisionRule? Precision { get; init; }

    /// <summary>Whether variants can be loaded onto the model (<see cref="TextClassifier.LoadVariant"/>).</summary>
    public bool TakesAdapters { get; init; }

    /// <summary>Whether kernels may compute the blocks where the processor has them; else ONNX Runtime's nodes do.</summary>
    internal bool UsesKernels { get; init; } = true;

    /// <summary>Gets one line for each choice worth knowing: padded fallback, device fallback, precision picked.</summary>
    public Action<string>? Log { get; init; }
}
