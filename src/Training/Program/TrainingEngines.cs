using LoraOnnx.Model.Runs;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Onnx;
using LoraOnnx.Training.Options;
#if TORCH
using LoraOnnx.Training.Torch;
#endif

namespace LoraOnnx.Training;

/// <summary>The engines of this build, and which of them trains.</summary>
internal static class TrainingEngines
{
    /// <summary>Starts the engine asked for, or the one that a run began with. Where there is a choice: libtorch where it loads, else ONNX
    /// Runtime, with one line that says so.</summary>
    /// <exception cref="InputException">The engine is not to be had here, or cannot do what is wished.</exception>
    public static ITrainingEngine Start(EngineChoice asked, RunRecord? earlier, MachineWish wish, Action<string> log)
    {
        var choice = earlier is null ? asked : EnumNames.Parse<EngineChoice>(earlier.Engine)
            ?? throw new InputException($"the run was begun with the engine '{earlier.Engine}', which this lora-train does not know.",
                "go on with the version that wrote it.");
        if (choice == EngineChoice.Onnx)
        {
            return OnnxEngine.Start(wish);
        }

        var (torch, whyNot) = Torch(wish, log);
        return torch ?? (choice == EngineChoice.Torch
            ? throw new InputException(
                earlier is null ? $"--engine is torch: {whyNot}" : $"the run was begun with --engine torch, and a run keeps its engine: {whyNot}",
                earlier is null ? "leave --engine out, or use --engine onnx." : "go on where libtorch loads, or start a new run.")
            : Instead(wish, whyNot, log));
    }

    private static OnnxEngine Instead(MachineWish wish, string whyNot, Action<string> log)
    {
        var engine = OnnxEngine.Start(wish);
        log($"engine onnx: {whyNot}");
        return engine;
    }

#if TORCH
    private static (ITrainingEngine? Engine, string WhyNot) Torch(MachineWish wish, Action<string> log)
    {
        try
        {
            return (TorchEngine.Start(wish, log), "");
        }
        catch (Exception failure) when (failure is DllNotFoundException or TypeInitializationException or NotSupportedException
            or BadImageFormatException or EntryPointNotFoundException or FileNotFoundException or FileLoadException)
        {
            return (null, $"libtorch does not load here ({(failure.InnerException ?? failure).Message.Split('\n')[0].TrimEnd('.', '\r')}).");
        }
    }
#else
    private static (ITrainingEngine? Engine, string WhyNot) Torch(MachineWish wish, Action<string> log) =>
        (null, "this lora-train was built without libtorch (-p:Torch=false).");
#endif
}
