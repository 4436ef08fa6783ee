using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Graph.OnDevice;

/// <summary>The parameters of a model that is trained on a device, under checkpoint keys, those of adapters under peft's.</summary>
public sealed class OnDeviceParameters
{
    private OnDeviceParameters(bool trainsHead, IReadOnlyList<LoraModule> adapters, IReadOnlyList<NamedTensor> frozen,
        IReadOnlyList<NamedTensor> learning) => (TrainsHead, Adapters, Frozen, Learning) = (trainsHead, adapters, frozen, learning);

    /// <summary>What is trained, in the order of a checkpoint: adapters, then the head.</summary>
    public IReadOnlyList<NamedTensor> Learning { get; }

    /// <summary>All other weights.</summary>
    public IReadOnlyList<NamedTensor> Frozen { get; }

    internal bool TrainsHead { get; }

    internal IReadOnlyList<LoraModule> Adapters { get; }

    internal IEnumerable<NamedTensor> All => [.. Frozen, .. Learning];

    /// <summary>Those of a model with adapters beside it, which learn, and its head, which learns where that is said.</summary>
    public static OnDeviceParameters Of(ModelWeights weights, IReadOnlyList<LoraModule> adapters, bool trainsHead)
    {
        ArgumentNullException.ThrowIfNull(weights);
        LoraModule[] modules = [.. adapters.Select(Named)];
        var layout = weights.Config.Layout;
        var head = trainsHead ? layout.Head.Keys : [];
        var frozen = StoredTensors.Of(weights, WeightSet.Of(weights)).Where(tensor => !head.Contains(tensor.Name));
        return new OnDeviceParameters(trainsHead, modules, [.. frozen],
            [.. modules.SelectMany(module => module.Trained), .. head.Select(key => weights[key])]);
    }

    private static LoraModule Named(LoraModule module) => module.Renamed(key => PeftAdapterWriter.KeyPrefix + key.NameIn(module.Module));
}
