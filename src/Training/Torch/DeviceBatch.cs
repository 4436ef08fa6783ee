using LoraOnnx.Model.Encoders;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Learning;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Torch;

/// <summary>A packed batch on the device, its texts sorted by length. The tensors belong to the scope in which it was made.</summary>
internal sealed class DeviceBatch
{
    private readonly int[] _order;
    private readonly Device _device;

    /// <summary>Copies ids and positions to the device.</summary>
    /// <param name="batch">The texts.</param>
    /// <param name="embeddings">How positions count.</param>
    /// <param name="device">Where.</param>
    /// <param name="groupsOf">Makes the groups for the lengths of all texts, shortest first.</param>
    /// <param name="rowStep">The number of rows is rounded up to a multiple of this.</param>
    public DeviceBatch(PackedBatch batch, EmbeddingLayout embeddings, Device device, Func<int[], List<TextGroup>> groupsOf, int rowStep)
    {
        _device = device;
        TokenCount = batch.TokenCount;
        Rows = (batch.TokenCount + rowStep - 1) / rowStep * rowStep;
        _order = batch.ShortestFirst();
        int[] lengths = [.. _order.Select(batch.LengthOf)];
        var (ids, positions, starts) = (new long[Rows], new long[Rows], new long[lengths.Length]);
        var rows = new int[lengths.DefaultIfEmpty().Max()];
        var token = 0;
        for (var place = 0; place < _order.Length; place++)
        {
            starts[place] = token;
            var text = batch.Ids.AsSpan(batch.Offsets[_order[place]], lengths[place]);
            embeddings.FillPositions(text, rows.AsSpan(0, text.Length));
            for (var i = 0; i < text.Length; i++, token++)
            {
                ids[token] = text[i];
                positions[token] = rows[i];
            }
        }

        Groups = groupsOf(lengths);
        Ids = TorchDevice.Upload(ids, _device);
        Positions = TorchDevice.Upload(positions, _device);
        FirstTokens = TorchDevice.Upload(starts, _device);
    }

    /// <summary>What attention takes in one call, shortest texts first; they cover all texts.</summary>
    public IReadOnlyList<TextGroup> Groups { get; }

    /// <summary>Number of tokens, none of them padding.</summary>
    public int TokenCount { get; }

    /// <summary>Rows of a matrix with a row a token: a few more than there are tokens, so that there are few shapes. They belong to no text: no
    /// gradient flows through them.</summary>
    public int Rows { get; }

    /// <summary>Token ids [rows].</summary>
    public Tensor Ids { get; }

    /// <summary>Row of the position embedding of each token [rows].</summary>
    public Tensor Positions { get; }

    /// <summary>Row of each text's [CLS] [texts].</summary>
    public Tensor FirstTokens { get; }

    /// <summary>A matrix with a row a token, in the caller's scope, whose rows of tokens are yet to be written; the others are 0.</summary>
    public Tensor NewRows(long columns, ScalarType type)
    {
        using var scope = NewDisposeScope();
        var rows = empty(Rows, columns, dtype: type, device: _device);
        if (Rows > TokenCount)
        {
            rows.narrow(0, TokenCount, Rows - TokenCount).zero_();
        }

        return rows.MoveToOuterDisposeScope();
    }

    /// <summary>Puts what belongs to each text, in the packed batch's order, into the order on the device.</summary>
    public T[] ToDeviceOrder<T>(IReadOnlyList<T> perText) => Array.ConvertAll(_order, text => perText[text]);

    /// <summary>Splits a matrix with a row per text, in the order on the device, into rows in the packed batch's order.</summary>
    public float[][] ToCallerOrder(Tensor perText)
    {
        using var scope = NewDisposeScope();
        var values = perText.to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
        var width = values.Length / _order.Length;
        var rows = new float[_order.Length][];
        for (var place = 0; place < _order.Length; place++)
        {
            rows[_order[place]] = values[(place * width)..((place + 1) * width)];
        }

        return rows;
    }
}
