using LoraOnnx.Graph;
using LoraOnnx.Kernels;

namespace LoraOnnx.Inference;

/// <summary>What a precision is on this CPU: which kernels compute its blocks, what its answers have to pass.</summary>
/// <param name="Precision">Its name.</param>
/// <param name="Gate">What the accuracy gate allows; null: it needs none.</param>
/// <param name="IsGatedOnLoad">Whether a model in it is measured, or has a report of this machine, before it is served.</param>
/// <param name="FindKernels">Finds what computes the blocks, whose code is emitted when it is first asked for; null where ONNX Runtime's nodes
/// do.</param>
/// <param name="KernelInstructions">Their instructions, as reports of gates name them.</param>
/// <param name="NodeInstructions">Those that ONNX Runtime's nodes need to be fast; null where this CPU lacks them, or no node is in it.</param>
internal sealed record CpuPrecision(
    Precision Precision, GateLimits? Gate, bool IsGatedOnLoad, Func<KernelSet?> FindKernels, string KernelInstructions, string? NodeInstructions)
{
    private const string Bf16 = "AVX512-BF16";

    private static readonly CpuPrecision[] _all =
    [
        new(Precision.Fp32, null, false, () => KernelSet.FindFp32().Kernels, "AVX-512", CpuInstructions.Floats),
        new(Precision.Fp16, new GateLimits(0.99, 0.01, 0.01), false, () => KernelSet.FindFp32().Kernels, "AVX-512", CpuInstructions.Floats),

        // To be nearly lossless.
        new(Precision.Bf16, new GateLimits(0.995, 0.005, 0.005), true, () => Bf16Support.Kernels, Bf16, null),

        // Products of its blocks, which have scales of their own, are as fast in bf16 as in 8 bits, and more exact: they are in bf16.
        new(Precision.Int8, new GateLimits(0.99, 0.01, 0.01), true, () => Bf16Support.Kernels, Bf16, Int8Support.Instructions),

        // Somebody has to ask lora-merge for it, so it may move furthest.
        new(Precision.Int8Dynamic, new GateLimits(0.99, 0.02, 0.015), true, () => KernelSet.FindInt8().Kernels, $"AVX512-VNNI and {Bf16}",
            Int8Support.Instructions),
    ];

    /// <summary>What computes the blocks; null where ONNX Runtime's nodes do.</summary>
    public KernelSet? Kernels => FindKernels();

    /// <summary>Of a precision.</summary>
    public static CpuPrecision Of(Precision precision) => _all.First(known => known.Precision == precision);

    /// <summary>The kernels where these options let kernels run.</summary>
    public KernelSet? KernelsFor(InferenceOptions options) => options.UsesKernels ? Kernels : null;
}
