using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Training.Engine;

namespace LoraOnnx.Training.Options;

/// <summary>The adapters' options in the words of the engine and of <c>peft</c>.</summary>
internal static class AdapterOptions
{
    /// <exception cref="InputException">A target matches nothing.</exception>
    public static AdapterPlan Plan(TrainingOptions options, ModelConfig config) => new()
    {
        Modules = AdapterTargets.Modules(config.Layout, options.Targets, options.TrainsHead),
        Rank = options.Rank,
        Alpha = Alpha(options),
        UseRsLora = options.Rslora,
        UseDora = options.Dora,
        Initialization = options.Init == AdapterStart.Original ? AdapterInitialization.Original : AdapterInitialization.Peft,
        Dropout = options.LoraDropout,
        LoraPlusRatio = options.LoraPlusRatio,
    };

    /// <summary>What adapter_config.json says.</summary>
    public static PeftAdapterSettings Settings(TrainingOptions options, ModelConfig config, string model) => new()
    {
        Family = config.Family,
        PoolerTrained = config.Layout.Head.BeginsWithPooler,
        Rank = options.Rank,
        Alpha = Alpha(options),
        Targets = Targets(options, config),
        UseRsLora = options.Rslora,
        UseDora = options.Dora,
        Dropout = options.LoraDropout,
        HeadTrained = options.TrainsHead,
        BaseModelNameOrPath = model,
    };

    public static double Alpha(TrainingOptions options) => options.Alpha ?? 2 * options.Rank;

    private static IReadOnlyList<string> Targets(TrainingOptions options, ModelConfig config) =>
        AdapterTargets.Resolve(config.Layout, options.Targets, options.TrainsHead);
}
