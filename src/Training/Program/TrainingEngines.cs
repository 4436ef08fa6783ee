using LoraOnnx.Model.Runs;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Onnx;
#if TORCH
using LoraOnnx.Training.Torch;
#endif

namespace LoraOnnx.Training;

/// <summary>The engines of this build, and which of them trains. A further one is a row here: its project lies beside this one, and the build takes
/// it from there.</summary>
internal static class TrainingEngines
{
    /// <summary>All engines; where there is a choice, the first that loads.</summary>
    public static IReadOnlyList<EngineOffer> All { get; } =
    [
#if TORCH
        new(TorchEngine.EngineName, "libtorch", (wish, log) => TorchEngine.Start(wish, log)),
#else
        new("torch", "libtorch", (_, _) => throw new NotSupportedException("this lora-train was built without it: -p:Torch=false")),
#endif
        new(OnnxEngine.EngineName, "ONNX Runtime in fp32", (wish, _) => OnnxEngine.Start(wish)),
    ];

    /// <summary>Starts the engine asked for, or the one that a run began with. Where there is a choice: the first that loads, with one line that says
    /// why not one before it.</summary>
    /// <exception cref="InputException">The engine is not to be had here, or cannot do what is wished.</exception>
    public static ITrainingEngine Start(string asked, RunRecord? earlier, MachineWish wish, Action<string> log)
    {
        var name = earlier?.Engine ?? asked;
        var candidates = All.Where(engine => engine.Name == name || (earlier is null && name == EngineOffer.Auto)).ToList();
        if (candidates.Count == 0)
        {
            throw new InputException($"the run was begun with the engine '{name}', which this lora-train does not know.",
                "go on with the version that wrote it.");
        }

        var missing = new List<string>();
        foreach (var candidate in candidates)
        {
            if (Load(candidate, wish, log, missing) is { } engine)
            {
                missing.ForEach(reason => log($"engine {candidate.Name}: {reason}"));
                return engine;
            }
        }

        var reasons = string.Join(" ", missing);
        throw earlier is null
            ? new InputException($"--engine is {name}: {reasons}", "leave --engine out, or use "
                + $"{string.Join(" or ", All.Except(candidates).Select(engine => $"--engine {engine.Name}"))}.")
            : new InputException($"the run was begun with --engine {name}, and a run keeps its engine: {reasons}",
                $"go on where {candidates[0].Library} loads, or start a new run.");
    }

    private static ITrainingEngine? Load(EngineOffer engine, MachineWish wish, Action<string> log, List<string> missing)
    {
        try
        {
            return engine.Start(wish, log);
        }
        catch (Exception failure) when (failure is DllNotFoundException or TypeInitializationException or NotSupportedException
            or BadImageFormatException or EntryPointNotFoundException or FileNotFoundException or FileLoadException)
        {
            var reason = (failure.InnerException ?? failure).Message.Split('\n')[0].TrimEnd('.', '\r');
            missing.Add($"{engine.Library} does not load here ({reason}).");
            return null;
        }
    }
}
