using LoraOnnx.Model.Runs;
using LoraOnnx.Training.Engine;

namespace LoraOnnx.Training.Options;

/// <summary>What computes, once "auto" is decided. A resumed run keeps what it started with: other threads or another type would give other bits.</summary>
internal sealed record Machine(ComputeDevice Device, Precision Precision, int Threads)
{
    /// <summary>Decides from the options and what is there. libtorch must be loaded.</summary>
    /// <exception cref="InputException">A GPU is asked for and there is none.</exception>
    public static Machine Choose(TrainingOptions options)
    {
        var device = options.Device switch
        {
            DeviceChoice.Cpu => ComputeDevice.Cpu,
            DeviceChoice.Cuda when !ComputeDevices.CudaIsAvailable() => throw ComputeDevices.NoCuda(),
            DeviceChoice.Cuda => ComputeDevice.Cuda,
            _ => ComputeDevices.Best(),
        };
        var precision = options.Precision switch
        {
            PrecisionChoice.Fp32 => Precision.Fp32,
            PrecisionChoice.Bf16 => Precision.Bf16,
            _ => ComputeDevices.FastPrecision(device),
        };
        return new Machine(device, precision, options.Threads == 0 ? Environment.ProcessorCount : options.Threads);
    }

    /// <summary>What a run started with.</summary>
    /// <exception cref="InputException">It started on a GPU and there is none.</exception>
    public static Machine Of(RunRecord record)
    {
        var device = record.Device == "cuda" ? ComputeDevice.Cuda : ComputeDevice.Cpu;
        return device == ComputeDevice.Cuda && !ComputeDevices.CudaIsAvailable() ? throw ComputeDevices.NoCuda()
            : new Machine(device, EnumNames.Parse<Precision>(record.Precision) ?? Precision.Fp32, record.Threads);
    }

    /// <summary><c>cpu</c> or <c>cuda</c>.</summary>
    public string DeviceName => Device == ComputeDevice.Cuda ? "cuda" : "cpu";
}
