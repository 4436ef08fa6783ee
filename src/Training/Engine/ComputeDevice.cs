using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using TorchSharp;

namespace LoraOnnx.Training.Engine;

/// <summary>Where training computes. Everything that depends on the device is in this file.</summary>
internal enum ComputeDevice
{
    /// <summary>The processor.</summary>
    Cpu,

    /// <summary>The first CUDA device.</summary>
    Cuda,
}

/// <summary>What devices can do, and how they are set up.</summary>
internal static class ComputeDevices
{
    /// <summary>True when libtorch sees a CUDA device; false on a CPU build.</summary>
    public static bool CudaIsAvailable() => torch.cuda.is_available();

    /// <summary>What to say where a GPU is asked for and there is none.</summary>
    public static InputException NoCuda() => new("--device is cuda, but no CUDA device is to be seen.",
        "use --device cpu, or build with -p:Accelerator=cuda on a machine with an NVIDIA driver.");

    /// <summary>CUDA when there is one, else the CPU.</summary>
    public static ComputeDevice Best() => CudaIsAvailable() ? ComputeDevice.Cuda : ComputeDevice.Cpu;

    /// <summary>The type in which the device multiplies matrices fastest: bf16 on a GPU or with AVX512-BF16 or AMX-BF16 (asked of CPUID), else fp32.</summary>
    public static Precision FastPrecision(ComputeDevice device) => device == ComputeDevice.Cuda || ProcessorMultipliesBf16() ? Precision.Bf16 : Precision.Fp32;

    /// <summary>The fastest attention of a device.</summary>
    public static IAttention Attention(ComputeDevice device, double dropProbability) => device == ComputeDevice.Cpu ? new MatrixAttention(dropProbability) : new FlashAttention(dropProbability);

    /// <summary>How that attention wants its texts: on the CPU padded to few widths, because oneDNN compiles a kernel for every new shape.</summary>
    public static List<TextGroup> Groups(ComputeDevice device, ReadOnlySpan<int> lengths) => device == ComputeDevice.Cpu ? TextGroup.Padded(lengths) : TextGroup.Exact(lengths);

    /// <summary>The fastest AdamW of a device.</summary>
    public static IOptimizer Optimizer(ComputeDevice device, TrainedParameters parameters, OptimizerConstants constants, double loraPlusRatio) =>
        device == ComputeDevice.Cpu ? new FusedAdamW(parameters, constants, loraPlusRatio) : new AdamW(parameters, constants, loraPlusRatio);

    /// <summary>The number of rows is a multiple of this: on the CPU for the same reason. 64 costs one row in a hundred and is 8 % faster than 1.</summary>
    public static int RowStep(ComputeDevice device) => device == ComputeDevice.Cpu ? 64 : 1;

    /// <summary>
    /// 0 (with the given probability) or 1 for each number of <paramref name="like"/>, in its type. On the CPU the key alone decides; on a GPU libtorch's generator.
    /// </summary>
    public static torch.Tensor KeepMask(torch.Tensor like, double dropProbability, ulong key)
    {
        var mask = torch.empty_like(like);
        if (like.device_type != DeviceType.CPU)
        {
            return mask.bernoulli_(1 - dropProbability);
        }

        if (like.dtype == torch.ScalarType.BFloat16)
        {
            CounterNoise.FillBf16(MemoryMarshal.Cast<byte, ushort>(mask.bytes), dropProbability, key);
        }
        else
        {
            CounterNoise.FillFp32(MemoryMarshal.Cast<byte, uint>(mask.bytes), dropProbability, key);
        }

        return mask;
    }

    /// <summary>Sets threads and matrix-multiply modes of the process for a device, and returns it as libtorch knows it.</summary>
    /// <param name="device">Where to compute.</param>
    /// <param name="threads">CPU threads, or 0 for one per core.</param>
    /// <param name="allowTf32">Let a GPU round the factors of fp32 multiplications to 10 bits; off for exact numbers.</param>
    /// <exception cref="InputException">There is no such device.</exception>
    public static torch.Device Open(ComputeDevice device, int threads, bool allowTf32)
    {
        torch.set_num_threads(threads == 0 ? Environment.ProcessorCount : threads);
        if (device == ComputeDevice.Cpu)
        {
            TensorMemory.Install();
            return torch.CPU;
        }

        if (!CudaIsAvailable())
        {
            throw NoCuda();
        }

        torch.backends.cuda.matmul.allow_tf32 = allowTf32;
        return torch.CUDA;
    }

    /// <summary>Copies numbers to the device; on a GPU through pinned memory, without waiting.</summary>
    public static torch.Tensor Upload(long[] values, torch.Device device)
    {
        if (device.type == DeviceType.CPU)
        {
            return torch.tensor(values);
        }

        using var scope = torch.NewDisposeScope();
        return torch.tensor(values).pin_memory().to(device, non_blocking: true).MoveToOuterDisposeScope();
    }

    /// <summary>CPUID leaf 7, subleaf 1, EAX bit 5: AVX512-BF16; leaf 7, subleaf 0, EDX bit 22: AMX-BF16.</summary>
    private static bool ProcessorMultipliesBf16()
    {
        if (!X86Base.IsSupported || X86Base.CpuId(0, 0).Eax < 7)
        {
            return false;
        }

        var amx = (X86Base.CpuId(7, 0).Edx & (1 << 22)) != 0;
        var avx512 = Avx512F.IsSupported && (X86Base.CpuId(7, 1).Eax & (1 << 5)) != 0;
        return avx512 || amx;
    }
}
