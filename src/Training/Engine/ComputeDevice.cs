using System.Runtime.Intrinsics.X86;
using LoraOnnx.Model;
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

    /// <summary>CUDA when there is one, else the CPU.</summary>
    public static ComputeDevice Best() => CudaIsAvailable() ? ComputeDevice.Cuda : ComputeDevice.Cpu;

    /// <summary>The type in which the device multiplies matrices fastest: bf16 on a GPU or with AVX512-BF16 or AMX-BF16 (asked of CPUID), else fp32.</summary>
    public static Precision FastPrecision(ComputeDevice device) => device == ComputeDevice.Cuda || ProcessorMultipliesBf16() ? Precision.Bf16 : Precision.Fp32;

    /// <summary>Sets threads and matrix-multiply modes of the process for a device, and returns it as libtorch knows it.</summary>
    /// <exception cref="InputException">There is no such device.</exception>
    public static torch.Device Open(ComputeDevice device, int threads)
    {
        torch.set_num_threads(threads == 0 ? Environment.ProcessorCount : threads);
        if (device == ComputeDevice.Cpu)
        {
            NativeMemory.KeepFreed();
            return torch.CPU;
        }

        if (!CudaIsAvailable())
        {
            throw new InputException("no CUDA device is available to this build.",
                "use --device cpu, or build with -p:Accelerator=cuda on a machine with an NVIDIA driver.");
        }

        torch.backends.cuda.matmul.allow_tf32 = true;
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
