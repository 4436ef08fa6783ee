using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Encoders;
using LoraOnnx.Training.Engine;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Torch;

/// <summary>A model as it is, base or base with adapters beside it: frozen weights, no gradients, no moments.</summary>
internal sealed class FrozenNetwork : IEncoder
{
    private readonly TorchDevice _device;
    private readonly BasePrecision _precision;
    private readonly EncoderBody _body;
    private readonly TailSteps _steps;
    private readonly EmbeddingLayout _embeddings;
    private readonly Dictionary<string, Tensor> _head;
    private readonly Dictionary<string, AdapterTensors> _headAdapters;

    /// <summary>Copies the weights to the device; the adapter's replacements (a head) apply too.</summary>
    public FrozenNetwork(ModelWeights weights, LoraAdapter? adapter, BasePrecision precision, TorchDevice device)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        _device = device;
        _precision = precision;
        _steps = new TailSteps(weights.Config.Layout);
        _embeddings = weights.Config.Layout.Embeddings;
        var all = adapter is { Replacements.Count: > 0 } ? weights.With(adapter.Replacements) : weights;
        var adapters = (adapter?.Modules ?? []).ToDictionary(
            module => module.Module, module => AdapterTensors.Of(module, device.Device), StringComparer.Ordinal);
        _body = new EncoderBody(all, adapters.GetValueOrDefault, BodyOptions.Frozen(precision), device);
        _head = _steps.Keys.ToDictionary(
            key => key, key => EncoderBody.ToTensor(all[key]).to(device.Device).DetachFromDisposeScope(), StringComparer.Ordinal);
        _headAdapters = adapters.Where(pair => _steps.Holds(pair.Key)).ToDictionary(StringComparer.Ordinal);
        foreach (var tensors in _headAdapters.Values)
        {
            foreach (var tensor in tensors.Trained)
            {
                tensor.DetachFromDisposeScope(); // those of the body were copied into its matrices
            }
        }
    }

    /// <inheritdoc/>
    public float[][] Features(PackedBatch batch) => Run(batch, _steps.Pooling);

    /// <inheritdoc/>
    public float[][] Logits(PackedBatch batch) => Run(batch, _steps.All);

    /// <inheritdoc/>
    public void Dispose()
    {
        _body.Dispose();
        foreach (var tensor in (IEnumerable<Tensor>)[.. _head.Values, .. _headAdapters.Values.SelectMany(tensors => tensors.Trained)])
        {
            tensor.Dispose();
        }
    }

    private float[][] Run(PackedBatch batch, IReadOnlyList<HeadLinear> steps)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        _device.BeginPass(_precision);
        var packed = _device.Upload(batch, _embeddings);
        return packed.ToCallerOrder(ClassifierHead.Forward(_body.Forward(packed), steps,
            new HeadTensors(name => _head[name], _headAdapters.GetValueOrDefault), dropout: null));
    }
}
