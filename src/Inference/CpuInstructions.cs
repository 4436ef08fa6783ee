using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LoraOnnx.Inference;

/// <summary>The instructions of this CPU that decide how sums are rounded, for what is shown with them.</summary>
public static class CpuInstructions
{
    /// <summary>As <c>x64, AVX-512, AVX-512 VNNI</c>.</summary>
    public static string Text { get; } =
        string.Join(", ",
            ((string?[])[RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant(), Floats(), Int8Support.Instructions]).OfType<string>());

    private static string? Floats() => Avx512F.IsSupported
        ? "AVX-512"
        : Avx2.IsSupported ? "AVX2" : Vector128.IsHardwareAccelerated ? "128-bit vectors" : null;
}
