namespace LoraOnnx.Training.Engine;

/// <summary>Where training computes. Everything that depends on the device is in this file.</summary>
internal enum ComputeDevice
{
    /// <summary>The processor.</summary>
    Cpu,

    /// <summary>The first CUDA device.</summary>
    Cuda,
}

/// <summary>What devices can do.</summary>
internal static class ComputeDevices
{
    /// <summary>True when libtorch sees a CUDA device; false on a CPU build.</summary>
    public static bool CudaIsAvailable() => throw new NotImplementedException();

    /// <summary>CUDA when there is one, else the CPU.</summary>
    public static ComputeDevice Best() => CudaIsAvailable() ? ComputeDevice.Cuda : ComputeDevice.Cpu;

    /// <summary>The type in which the device multiplies matrices fastest: bf16 on a GPU or with AVX512-BF16 or AMX-BF16 (asked of CPUID), else fp32.</summary>
    public static Precision FastPrecision(ComputeDevice device) => throw new NotImplementedException();
}
