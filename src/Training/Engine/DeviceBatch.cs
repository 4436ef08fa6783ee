using static TorchSharp.torch;

namespace LoraOnnx.Training.Engine;

/// <summary>Texts of equal length that lie side by side: attention takes them in one call.</summary>
internal readonly record struct TextGroup(int FirstText, int Texts, int FirstToken, int Length);

/// <summary>A packed batch on the device, its texts sorted by length. The tensors belong to the scope in which it was made.</summary>
internal sealed class DeviceBatch
{
    private readonly int[] _order;

    /// <summary>Copies ids and positions to the device.</summary>
    public DeviceBatch(PackedBatch batch, Device device)
    {
        var lengths = new int[batch.TextCount];
        for (var text = 0; text < lengths.Length; text++)
        {
            lengths[text] = batch.Offsets[text + 1] - batch.Offsets[text];
        }

        _order = [.. Enumerable.Range(0, lengths.Length).OrderBy(text => lengths[text])]; // stable: equal batches give equal bits
        var (ids, positions, starts) = (new long[batch.TokenCount], new long[batch.TokenCount], new long[lengths.Length]);
        var groups = new List<TextGroup>();
        var token = 0;
        for (var place = 0; place < _order.Length; place++)
        {
            var (start, length) = (batch.Offsets[_order[place]], lengths[_order[place]]);
            starts[place] = token;
            if (groups.Count > 0 && groups[^1].Length == length)
            {
                groups[^1] = groups[^1] with { Texts = groups[^1].Texts + 1 };
            }
            else
            {
                groups.Add(new TextGroup(place, 1, token, length));
            }

            for (var position = 0; position < length; position++, token++)
            {
                ids[token] = batch.Ids[start + position];
                positions[token] = position;
            }
        }

        Groups = groups;
        Ids = ComputeDevices.Upload(ids, device);
        Positions = ComputeDevices.Upload(positions, device);
        FirstTokens = ComputeDevices.Upload(starts, device);
    }

    /// <summary>Runs of equal length, shortest first; they cover all texts.</summary>
    public IReadOnlyList<TextGroup> Groups { get; }

    /// <summary>Number of texts.</summary>
    public int TextCount => _order.Length;

    /// <summary>Token ids [tokens].</summary>
    public Tensor Ids { get; }

    /// <summary>Position of each token in its text [tokens].</summary>
    public Tensor Positions { get; }

    /// <summary>Row of each text's [CLS] [texts].</summary>
    public Tensor FirstTokens { get; }

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
