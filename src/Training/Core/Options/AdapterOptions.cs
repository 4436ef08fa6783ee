using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Adapters.Kinds;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Training.Engine;

namespace LoraOnnx.Training.Options;

/// <summary>The adapters' options in the words of the engine and of <c>peft</c>.</summary>
internal static class AdapterOptions
{
    /// <summary>peft's word for an A from a normal distribution. peft's own has the deviation 1/rank, the published experiment's 1; there is no
    /// nearer word.</summary>
    private const string Gaussian = "gaussian";

    /// <exception cref="InputException">A target matches nothing.</exception>
    public static AdapterPlan Plan(EffectiveAdapters options, ModelConfig config) => new()
    {
        Modules = AdapterTargets.Modules(config.Layout, options.Targets, options.HeadIsTrained),
        Rank = options.Rank,
        Alpha = options.Alpha,
        UseRsLora = options.Rslora,
        Kind = options.Kind,
        Initialization = options.Init,
        Dropout = options.Dropout,
        LoraPlusRatio = options.LoraPlusRatio,
    };

    /// <summary>What adapter_config.json says.</summary>
    public static PeftAdapterSettings Settings(EffectiveAdapters options, ModelConfig config, string model) => new()
    {
        Family = config.Family,
        Rank = options.Rank,
        Alpha = options.Alpha,
        Targets = options.Targets,
        UseRsLora = options.Rslora,
        Kind = options.Kind,
        Dropout = options.Dropout,
        BaseModelNameOrPath = model,
        Initialisation = options.Init == AdapterInitialization.Original ? Gaussian : null,
    };
}
