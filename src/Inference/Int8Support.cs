using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace LoraOnnx.Inference;

/// <summary>Whether this CPU multiplies 8-bit numbers faster than fp32, and without saturating on the way.</summary>
internal static class Int8Support
{
    /// <summary>The instructions that do it, or null: without them int8 is slower and, on x86, less exact.</summary>
    public static string? Instructions { get; } = Find();

    private static string? Find()
    {
        if (Dp.IsSupported)
        {
            return "dot products";
        }

        if (!X86Base.IsSupported || X86Base.CpuId(0, 0).Eax < 7)
        {
            return null;
        }

        // CPUID leaf 7: AVX512_VNNI is ECX bit 11, AVX-VNNI is EAX bit 4 of subleaf 1. That the system keeps the registers is what IsSupported says.
        return Avx512F.IsSupported && (X86Base.CpuId(7, 0).Ecx & (1 << 11)) != 0 ? "AVX-512 VNNI"
            : Avx2.IsSupported && (X86Base.CpuId(7, 1).Eax & (1 << 4)) != 0 ? "AVX-VNNI"
            : null;
    }
}
