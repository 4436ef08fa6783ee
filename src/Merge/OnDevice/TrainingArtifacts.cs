using System.Globalization;
using LoraOnnx.Graph;
using LoraOnnx.Graph.OnDevice;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Adapters.Kinds;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Runs;
using LoraOnnx.Model.Sampling;

namespace LoraOnnx.Merge.OnDevice;

/// <summary>Writes what a device needs to train a model: what <c>onnxruntime.training.artifacts</c> would make of it.</summary>
internal static class TrainingArtifacts
{
    /// <summary>File of the parameters.</summary>
    public const string CheckpointFile = "checkpoint";

    /// <summary>Decides new adapters.</summary>
    private const ulong Seed = 42;

    /// <exception cref="InputException">Wrong input; nothing is left or changed then.</exception>
    public static void Run(MergeOptions options, CancellationToken cancellationToken)
    {
        var (device, folder) = (options.OnDevice, options.OnDevice.Artifacts!); // asked for
        var input = MergeInput.Read(options, cancellationToken);
        var (weights, parameters, settings) = Prepare(options, input);
        try
        {
            using var stage = MergeStage.Begin(Path.GetFullPath(folder));
            OnDeviceModels.Write(
                stage.Folder, weights, parameters, device.HuggingFaceAdamW ? OnDeviceOptimizer.HuggingFace : OnDeviceOptimizer.Torch);
            DeviceCheckpoint.Write(Path.Combine(stage.Folder, CheckpointFile),
                new DeviceCheckpoint(parameters.Learning, parameters.Frozen, settings));
            stage.Commit(last: CheckpointFile);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw InputException.Unwritable(folder, failure);
        }

        VisibleLines.Tell(string.Create(CultureInfo.InvariantCulture,
            $"written: {folder}: {parameters.Learning.Count} tensors learn, "
                + $"{parameters.Learning.Sum(tensor => tensor.Values.LongLength):N0} numbers"));
    }

    private static (ModelWeights Weights, OnDeviceParameters Parameters, Dictionary<string, string> Settings) Prepare(
        MergeOptions options, MergeInput input)
    {
        var brings = input.Adapters.Count > 0;
        var method = options.OnDevice.Method ?? (brings ? input.BringsHead ? TrainingMethod.LoraAndHead : TrainingMethod.Lora : TrainingMethod.Head);
        var settings = new Dictionary<string, string> { [DeviceCheckpoint.BaseModel] = input.Metadata[OnnxMetadata.BaseModel] };
        if (!ModelConfig.Load(input.BaseDirectory).Task.IsSameAs(input.Weights.Config.Task))
        {
            settings[DeviceCheckpoint.Config] = CheckpointWriter.Config(input.BaseDirectory, input.Weights.Config);
        }

        if (method == TrainingMethod.Head)
        {
            var folded = AdapterFold.Fold(input.Weights, input.Adapters, options.Scale).Merged;
            return (folded, OnDeviceParameters.Of(folded, [], trainsHead: true), settings);
        }

        var trainsHead = method == TrainingMethod.LoraAndHead;
        var (adapter, config) = brings ? Given(options, input) : New(options, input, trainsHead);
        settings[DeviceCheckpoint.AdapterConfig] = trainsHead ? AdapterConfigText.WithHead(config, input.Weights.Config.Layout.Head) : config;
        var weights = input.Weights.With(adapter.Replacements);
        return (weights, OnDeviceParameters.Of(weights, adapter.Modules, trainsHead), settings);
    }

    /// <summary>An adapter to go on with.</summary>
    private static (LoraAdapter Adapter, string Config) Given(MergeOptions options, MergeInput input)
    {
        if (input.Adapters is not [var (adapter, weight)] || weight * options.Scale != 1)
        {
            throw new InputException("a device trains one adapter, of weight 1 and --scale 1.",
                "--method head folds any adapters into the model and trains the head alone.");
        }

        if (adapter.Modules.FirstOrDefault(module => module.BBias is not null) is { } biased)
        {
            throw InputException.InFile(adapter.Directory!, $"module '{biased.Module}' has a bias of B (lora_bias), which a device does not train.",
                "give an adapter without lora_bias, or none to begin a new one."); // it was read from a directory
        }

        return (adapter, AdapterConfigText.Of(adapter.Directory!)); // as above
    }

    /// <summary>A new adapter, as lora-train begins one.</summary>
    private static (LoraAdapter Adapter, string Config) New(MergeOptions options, MergeInput input, bool trainsHead)
    {
        var (device, config) = (options.OnDevice, input.Weights.Config);
        var settings = new PeftAdapterSettings
        {
            Family = config.Family,
            Rank = device.Rank,
            Alpha = device.Alpha ?? 2 * device.Rank,
            Targets = AdapterTargets.Resolve(config.Layout, device.Targets, trainsHead),
            BaseModelNameOrPath = input.Metadata[OnnxMetadata.BaseModel],
        };
        var random = SeededRandom.Of(Seed, RandomUse.Adapters);
        var modules = AdapterTargets.Modules(config.Layout, device.Targets, trainsHead).Select(name => LinearAdapters.Lora.Initialize(
            (config.Layout.Linear(name), input.Weights[$"{name}.weight"]), settings.Rank, settings.Alpha / settings.Rank,
            AdapterInitialization.Peft, random));
        return (new LoraAdapter([.. modules], []), PeftAdapterWriter.ConfigText(settings));
    }
}
