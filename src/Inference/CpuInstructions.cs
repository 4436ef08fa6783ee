using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LoraOnnx.Graph;

namespace LoraOnnx.Inference;

/// <summary>The instructions of this CPU that decide how sums are rounded, for what is shown with them.</summary>
public static class CpuInstructions
{
    /// <summary>Those of products of floats; null: none are wider than a number.</summary>
    public static string? Floats { get; } = Avx512F.IsSupported
        ? "AVX-512"
        : Avx2.IsSupported ? "AVX2" : Vector128.IsHardwareAccelerated ? "128-bit vectors" : null;

    /// <summary>As <c>x64, AVX-512, AVX-512 VNNI</c>.</summary>
    public static string Text { get; } =
        string.Join(", ",
            ((string?[])[RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant(), Floats, Int8Support.Instructions]).OfType<string>());

    /// <summary>Those that a precision needs to be fast, or null where this CPU lacks them: what computes without them rounds differently.</summary>
    /// <param name="precision">The precision.</param>
    /// <param name="usesKernels">Whether kernels compute where there are some; else ONNX Runtime's nodes do.</param>
    public static string? Of(Precision precision, bool usesKernels = true)
    {
        var known = CpuPrecision.Of(precision);
        return usesKernels && known.Kernels is not null ? known.KernelInstructions : known.NodeInstructions;
    }
}
