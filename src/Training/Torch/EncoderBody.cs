using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Safetensors;
using LoraOnnx.Training.Engine;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Torch;

/// <summary>
/// An encoder's embeddings and blocks on the device: frozen weights and trained adapters. Texts lie end to end, without padding between them. The
/// backward pass is written out: it makes no gradient of a frozen weight, goes back no further than the first adapted layer, and keeps only what it
/// needs.
/// </summary>
/// <remarks>Shapes: x [rows, width], a row a token; after the last layer [texts, width].</remarks>
internal sealed class EncoderBody : IDisposable
{
    private readonly double _dropout;
    private readonly Tensor _words;
    private readonly Tensor _positions;
    private readonly LayerNorm _norm;
    private readonly List<EncoderLayer> _layers;
    private readonly int _firstAdapted;

    /// <summary>Copies the body's weights to the device; <paramref name="adapterOf"/> finds a module's adapter, or null.</summary>
    public EncoderBody(ModelWeights weights, Func<string, AdapterTensors?> adapterOf, BodyOptions options, TorchDevice device)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var type = TorchDevice.TypeOf(options.Precision);
        var embeddings = weights.Config.Layout.Embeddings;
        Tensor Table(Tensor table) => table.to(type).to(device.Device).DetachFromDisposeScope();
        _dropout = options.Dropout ? weights.Config.Dropout.Hidden : 0;
        _words = Table(ToTensor(weights[embeddings.Words.Key]));
        var positions = ToTensor(weights[embeddings.Positions.Key]);
        _positions = Table(embeddings.TokenTypes is { } types
            ? positions.add(ToTensor(weights[types.Key]).narrow(0, 0, 1), Scalars.One) // a single text is of type 0
            : positions);
        _norm = new LayerNorm(weights, embeddings.Norm, type, device.Device);
        _layers = [.. weights.Config.Layout.Blocks.Select(block => new EncoderLayer(weights, block, adapterOf, options, device))];
        _firstAdapted = _layers.FindIndex(layer => layer.IsAdapted);
    }

    /// <summary>True when some layer has an adapter: then there is something to go back to.</summary>
    public bool IsAdapted => _firstAdapted >= 0;

    /// <summary>Takes changed adapters over; after every change of the trained tensors.</summary>
    public void Refresh()
    {
        using var noGradient = no_grad();
        foreach (var layer in _layers)
        {
            layer.Refresh();
        }
    }

    /// <summary>[CLS] states after the last layer, fp32 [texts, width], in the order on the device and in the caller's scope, without
    /// dropout.</summary>
    public Tensor Forward(DeviceBatch batch) => Forward(batch, null, null);

    /// <summary>The same for a training step.</summary>
    /// <param name="batch">The texts.</param>
    /// <param name="dropout">The pass's dropout.</param>
    /// <param name="saved">Gets what <see cref="Backward"/> needs of each adapted layer and those after it.</param>
    public Tensor Forward(DeviceBatch batch, Dropout? dropout, Stack<EncoderLayer.Saved>? saved)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var (x, _) = _norm.Forward(_words.index_select(0, batch.Ids).add_(_positions.index_select(0, batch.Positions), Scalars.One), null);
        x = dropout?.Mask(x, _dropout)?.Apply(x) ?? x;
        for (var index = 0; index < _layers.Count; index++)
        {
            var before = x;
            (x, var kept) = _layers[index].Forward(before, batch, dropout, record: saved is not null && IsAdapted && index >= _firstAdapted);
            before.Dispose();
            if (kept is not null)
            {
                saved!.Push(kept); // recorded because there is a stack
            }
        }

        return x.to(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <summary>Adds to the adapters' gradients, from the gradient of what <see cref="Forward(DeviceBatch, Dropout?, Stack{EncoderLayer.Saved}?)"/>
    /// returned. Empties <paramref name="saved"/>.</summary>
    public void Backward(Tensor gradient, DeviceBatch batch, Stack<EncoderLayer.Saved> saved)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var x = gradient.to(_words.dtype);
        for (var index = _layers.Count - 1; index >= _firstAdapted; index--)
        {
            var after = x;
            x = _layers[index].Backward(after, batch, saved.Pop(), inputGradient: index > _firstAdapted) ?? after;
            if (!ReferenceEquals(x, after))
            {
                after.Dispose();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var part in (IEnumerable<IDisposable>)[_words, _positions, _norm, .. _layers])
        {
            part.Dispose();
        }
    }

    /// <summary>A named tensor in its shape, on the CPU.</summary>
    public static Tensor ToTensor(NamedTensor tensor) =>
        TorchDevice.Upload(tensor.Values, CPU).view([.. tensor.Shape.Select(length => (long)length)]);
}

/// <summary>How a body computes. <paramref name="AdapterDropout"/> is that of the input of A; the other two switch the config's dropout on.</summary>
internal readonly record struct BodyOptions(BasePrecision Precision, bool Dropout, bool AttentionDropout, double AdapterDropout)
{
    /// <summary>No dropout anywhere.</summary>
    public static BodyOptions Frozen(BasePrecision precision) => new(precision, false, false, 0);
}
