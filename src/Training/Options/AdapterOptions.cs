using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Training.Engine;

namespace LoraOnnx.Training.Options;

/// <summary>The adapters' options in the words of the engine and of <c>peft</c>.</summary>
internal static class AdapterOptions
{
    /// <summary>Every linear module; of the head's only where the head is not trained in full.</summary>
    private const string AllLinear = "all-linear";

    /// <exception cref="InputException">A target matches nothing.</exception>
    public static AdapterPlan Plan(TrainingOptions options, DistilBertConfig config) => new()
    {
        Modules = AdapterPlan.ModulesMatching(config, Targets(options)),
        Rank = options.Rank,
        Alpha = Alpha(options),
        UseRsLora = options.Rslora,
        UseDora = options.Dora,
        Initialization = options.Init == AdapterStart.Original ? AdapterInitialization.Original : AdapterInitialization.Peft,
        Dropout = options.LoraDropout,
        LoraPlusRatio = options.LoraPlusRatio,
    };

    /// <summary>What adapter_config.json says.</summary>
    public static PeftAdapterSettings Settings(TrainingOptions options, string model) => new()
    {
        Rank = options.Rank,
        Alpha = Alpha(options),
        Targets = Targets(options),
        UseRsLora = options.Rslora,
        UseDora = options.Dora,
        Dropout = options.LoraDropout,
        HeadTrained = options.TrainsHead,
        BaseModelNameOrPath = model,
    };

    public static double Alpha(TrainingOptions options) => options.Alpha ?? 2 * options.Rank;

    private static IReadOnlyList<string> Targets(TrainingOptions options) => options.Targets.Contains(AllLinear)
        ? [.. DistilBertTensors.LayerLinears.Select(name => name[(name.LastIndexOf('.') + 1)..]), .. options.TrainsHead ? (string[])[] : [DistilBertTensors.PreClassifier, DistilBertTensors.Classifier]]
        : options.Targets;
}
