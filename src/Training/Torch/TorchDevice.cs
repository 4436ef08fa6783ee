using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using LoraOnnx.Model;
using LoraOnnx.Model.Encoders;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Learning;
using TorchSharp;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Torch;

/// <summary>A device as libtorch knows it, and what is fastest on it. Everything that depends on the device is in this file.</summary>
internal sealed class TorchDevice
{
    private TorchDevice(ComputeDevice kind, Device device)
    {
        Kind = kind;
        Device = device;
    }

    /// <summary>The processor.</summary>
    public static TorchDevice Cpu { get; } = new(ComputeDevice.Cpu, CPU);

    /// <summary>Which device it is.</summary>
    public ComputeDevice Kind { get; }

    /// <summary>libtorch's own.</summary>
    public Device Device { get; }

    /// <summary>The number of rows is a multiple of this: on the CPU for the same reason as <see cref="Groups"/>. 64 costs one row in a hundred and
    /// is 8 % faster than 1.</summary>
    public int RowStep => Kind == ComputeDevice.Cpu ? 64 : 1;

    /// <summary>True when libtorch sees a CUDA device; false on a CPU build.</summary>
    public static bool CudaIsAvailable() => cuda.is_available();

    /// <summary>The device of a kind.</summary>
    /// <exception cref="InputException">There is no such device.</exception>
    public static TorchDevice Of(ComputeDevice kind) => kind == ComputeDevice.Cpu ? Cpu
        : CudaIsAvailable() ? new TorchDevice(kind, CUDA)
        : throw new InputException("--device is cuda, but no CUDA device is to be seen.",
            "use --device cpu, or build with -p:Accelerator=cuda on a machine with an NVIDIA driver.");

    /// <summary>The type in which a device multiplies matrices fastest: bf16 on a GPU or with AVX512-BF16 or AMX-BF16 (asked of CPUID), else
    /// fp32.</summary>
    public static BasePrecision FastPrecision(ComputeDevice kind) => kind == ComputeDevice.Cuda || ProcessorMultipliesBf16()
        ? BasePrecision.Bf16
        : BasePrecision.Fp32;

    /// <summary>libtorch's name of a type.</summary>
    public static ScalarType TypeOf(BasePrecision precision) => precision == BasePrecision.Bf16 ? ScalarType.BFloat16 : ScalarType.Float32;

    /// <summary>
    /// Before a pass: on a GPU, fp32 factors are rounded to TF32 in <see cref="BasePrecision.Tf32"/>, and those of adapters and head beside a bf16
    /// base; in fp32 they agree with a CPU's to 1e-5. The mode is the process's, and models of both types take turns.
    /// </summary>
    public void BeginPass(BasePrecision precision)
    {
        if (Kind == ComputeDevice.Cuda)
        {
            backends.cuda.matmul.allow_tf32 = precision != BasePrecision.Fp32;
        }
    }

    /// <summary>The fastest attention.</summary>
    public IAttention Attention(double dropProbability) => Kind == ComputeDevice.Cpu
        ? new MatrixAttention(dropProbability)
        : new FlashAttention(dropProbability);

    /// <summary>How that attention wants its texts: on the CPU padded to few widths, because oneDNN compiles a kernel for every new shape.</summary>
    public List<TextGroup> Groups(ReadOnlySpan<int> lengths) => Kind == ComputeDevice.Cpu ? TextGroup.Padded(lengths) : TextGroup.Exact(lengths);

    /// <summary>The fastest AdamW.</summary>
    public IOptimizer Optimizer(TrainedParameters parameters, OptimizerConstants constants, double loraPlusRatio) =>
        Kind == ComputeDevice.Cpu ? new FusedAdamW(parameters, constants, loraPlusRatio) : new AdamW(parameters, constants, loraPlusRatio);

    /// <summary>A packed batch on the device.</summary>
    public DeviceBatch Upload(PackedBatch batch, EmbeddingLayout embeddings) => new(batch, embeddings, Device, lengths => Groups(lengths), RowStep);

    /// <summary>Copies numbers to the device; on a GPU through pinned memory, without waiting.</summary>
    public static Tensor Upload(long[] values, Device device)
    {
        if (device.type == DeviceType.CPU)
        {
            return tensor(values);
        }

        using var scope = NewDisposeScope();
        return tensor(values).pin_memory().to(device, non_blocking: true).MoveToOuterDisposeScope();
    }

    /// <summary>Copies numbers to the device, through memory that libtorch aligns: a managed array begins anywhere, and how a product is summed, so
    /// its last bits, depends on where its rows begin.</summary>
    public static Tensor Upload(float[] values, Device device)
    {
        const int Most = 1 << 28; // of a span of bytes

        using var scope = NewDisposeScope();
        var copy = empty(values.Length, float32);
        for (var start = 0; start < values.Length; start += Most)
        {
            var part = values.AsSpan(start, Math.Min(Most, values.Length - start));
            MemoryMarshal.AsBytes(part).CopyTo(copy.narrow(0, start, part.Length).bytes);
        }

        return copy.to(device).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// 0 (with the given probability) or 1 for each number of <paramref name="like"/>, in its type. On the CPU <paramref name="key"/> alone decides;
    /// on a GPU the generator.
    /// </summary>
    public static Tensor KeepMask(Tensor like, double dropProbability, ulong key, Func<Device, Generator> generator)
    {
        var mask = empty_like(like);
        if (like.device_type != DeviceType.CPU)
        {
            return mask.bernoulli_(1 - dropProbability, generator(like.device));
        }

        if (like.dtype == ScalarType.BFloat16)
        {
            CounterNoise.FillBf16(MemoryMarshal.Cast<byte, ushort>(mask.bytes), dropProbability, key);
        }
        else
        {
            CounterNoise.FillFp32(MemoryMarshal.Cast<byte, uint>(mask.bytes), dropProbability, key);
        }

        return mask;
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
