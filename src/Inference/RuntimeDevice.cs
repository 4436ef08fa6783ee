using LoraOnnx.Model;
using Microsoft.ML.OnnxRuntime;

namespace LoraOnnx.Inference;

/// <summary>Where sessions run: the only file that knows execution providers.</summary>
internal static class RuntimeDevice
{
    private const string CudaProvider = "CUDAExecutionProvider";

    /// <summary>The device that sessions will try first.</summary>
    /// <exception cref="InputException">CUDA was asked for and this build is for the CPU.</exception>
    public static ComputeDevice Resolve(InferenceOptions options)
    {
        var built = OrtEnv.Instance().GetAvailableProviders().Contains(CudaProvider);
        var device = options.Device ?? (built ? ComputeDevice.Cuda : ComputeDevice.Cpu);
        return device == ComputeDevice.Cpu || built
            ? device
            : throw new InputException("device cuda was asked for, and this build has ONNX Runtime for the CPU only.",
                "build with 'dotnet build -p:Accelerator=cuda', or use --device cpu.");
    }

    /// <summary>Why no session can be had on a GPU; null where one can.</summary>
    public static string? WhyNotCuda()
    {
        try
        {
            CreateSettings(new InferenceOptions { Device = ComputeDevice.Cuda }).Dispose();
            return null;
        }
        catch (InputException failure)
        {
            return failure.Message;
        }
    }

    /// <summary>Settings of a session on the device asked for. The caller disposes.</summary>
    /// <param name="options">Device and threads.</param>
    /// <param name="spins">Whether threads wait for work busily, as suits a process that does nothing else.</param>
    /// <exception cref="InputException">CUDA was asked for and cannot be had.</exception>
    public static SessionOptions CreateSettings(InferenceOptions options, bool spins = false)
    {
        var settings = new SessionOptions
        {
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            IntraOpNumThreads = ThreadPlan.Threads(options.Threads),
            InterOpNumThreads = 1,
            // One pattern per shape would be kept for ever, and every batch has its own shape.
            EnableMemoryPattern = false,
            // An error comes as an exception; native lines on standard error would show a file's names unbounded and unescaped.
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
        };
        try
        {
            // Spinning threads take the cores that other callers, tokenisers and the network need.
            settings.AddSessionConfigEntry("session.intra_op.allow_spinning", spins ? "1" : "0");
            ChooseProvider(settings, options);
            return settings;
        }
        catch
        {
            settings.Dispose();
            throw;
        }
    }

    private static void ChooseProvider(SessionOptions settings, InferenceOptions options)
    {
        if (Resolve(options) == ComputeDevice.Cpu)
        {
            return;
        }

        try
        {
            using var cuda = new OrtCUDAProviderOptions();
            cuda.UpdateOptions(new Dictionary<string, string> { ["use_tf32"] = "0" }); // its default would round fp32 factors to 10 bits
            settings.AppendExecutionProvider_CUDA(cuda);
        }
        catch (OnnxRuntimeException failure)
        {
            throw new InputException($"device cuda cannot be used: {failure.Message.ReplaceLineEndings(" ")}",
                "the driver (libcuda.so.1), CUDA 13 (libcudart.so.13, libcublasLt.so.13) and libcurand.so.10 must be on "
                + "the library path; or use --device cpu.", failure);
        }
    }
}
