using LoraOnnx.Graph;
using LoraOnnx.Kernels;

namespace LoraOnnx.Inference;

/// <summary>Which kernels compute the blocks of a precision here. Where there are none, ONNX Runtime's nodes do.</summary>
internal static class PrecisionKernels
{
    private static readonly KernelSet? _int8 = KernelSet.FindInt8().Kernels;

    /// <summary>
    /// The kernels, or null. Products of int8's blocks, which have scales of their own, are as fast in bf16 as in 8 bits, and more exact: they are in
    /// bf16.
    /// </summary>
    public static KernelSet? Of(Precision precision) => precision switch
    {
        Precision.Bf16 or Precision.Int8 => Bf16Support.Kernels,
        Precision.Int8Dynamic => _int8,
        _ => null,
    };

    /// <summary>The same where these options let kernels run.</summary>
    public static KernelSet? Of(Precision precision, InferenceOptions options) => options.UsesKernels ? Of(precision) : null;

    /// <summary>Their instructions, as reports of gates name them; null where there are none.</summary>
    public static string? Instructions(Precision precision) => Of(precision) is null ? null
        : precision == Precision.Int8Dynamic ? "AVX512-VNNI and AVX512-BF16" : "AVX512-BF16";
}
