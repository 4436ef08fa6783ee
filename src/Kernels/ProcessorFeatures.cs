using System.Runtime.Intrinsics.X86;

namespace LoraOnnx.Kernels;

/// <summary>
/// What CPUID says of instructions that .NET has no name for. That the system keeps the 512-bit registers is what <c>IsSupported</c> says.
/// </summary>
internal static class ProcessorFeatures
{
    private static readonly (int Ecx, int LaterEax) _leaf7 = Leaf7();

    /// <summary><c>vfmadd231ps</c> on 512 bits.</summary>
    public static bool HasAvx512 => Avx512F.IsSupported;

    /// <summary><c>vdpbf16ps</c> on 512 bits: leaf 7, subleaf 1, EAX bit 5.</summary>
    public static bool HasAvx512Bf16 { get; } = Avx512BW.IsSupported && (_leaf7.LaterEax & (1 << 5)) != 0;

    /// <summary><c>vpdpbusd</c> on 512 bits: leaf 7, ECX bit 11.</summary>
    public static bool HasAvx512Vnni { get; } = Avx512BW.IsSupported && (_leaf7.Ecx & (1 << 11)) != 0;

    private static (int Ecx, int LaterEax) Leaf7()
    {
        if (!X86Base.X64.IsSupported || X86Base.CpuId(0, 0).Eax < 7)
        {
            return default;
        }

        var (subleaves, _, ecx, _) = X86Base.CpuId(7, 0);
        return (ecx, subleaves >= 1 ? X86Base.CpuId(7, 1).Eax : 0);
    }
}
