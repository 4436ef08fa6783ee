using LoraOnnx.Training.Engine;

namespace LoraOnnx.Training.Options;

/// <summary>The options in the words of the engine.</summary>
internal static class EngineSettings
{
    /// <summary>All but what is trained, which differs from phase to phase.</summary>
    public static EngineOptions Create(TrainingOptions options, Machine machine, Precision precision) => new()
    {
        Precision = precision,
        Device = machine.Device,
        Threads = machine.Threads,
        Seed = options.Seed,
        BodyDropout = options.Dropout,
        AttentionDropout = options.AttentionDropout,
        LabelSmoothing = options.LabelSmoothing,
        Optimizer = new OptimizerConstants { WeightDecay = options.WeightDecay, ClipNorm = options.Clip },
    };
}
