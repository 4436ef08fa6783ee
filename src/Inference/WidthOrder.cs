using System.Numerics;

namespace LoraOnnx.Inference;

/// <summary>The groups of <see cref="WidthGroups"/> in space that is used again: texts of a width stand together, widest first, in the order of the
/// batch.</summary>
internal sealed class WidthOrder
{
    private long[] _keys = [];
    private int[] _places = [];
    private ReadOnlyMemory<int>[] _texts = [];
    private int _count;

    /// <summary>Puts a batch in order.</summary>
    /// <param name="batch">Ids of each text.</param>
    /// <param name="largest">Tokens of the longest text that the model reads; null where texts of all widths run together.</param>
    public void Sort(ReadOnlySpan<ReadOnlyMemory<int>> batch, int? largest)
    {
        _count = batch.Length;
        if (_keys.Length < _count)
        {
            var size = (int)BitOperations.RoundUpToPowerOf2((uint)_count);
            (_keys, _places, _texts) = (new long[size], new int[size], new ReadOnlyMemory<int>[size]);
        }

        var widest = 0;
        foreach (var text in batch)
        {
            widest = Math.Max(widest, text.Length);
        }

        for (var place = 0; place < _count; place++)
        {
            var width = largest is { } most ? WidthGroups.Width(batch[place].Length, most) : widest;
            _keys[place] = ((long)-width << 32) | (uint)place;
        }

        _keys.AsSpan(0, _count).Sort();
        for (var i = 0; i < _count; i++)
        {
            _places[i] = (int)(uint)_keys[i];
            _texts[i] = batch[_places[i]];
        }
    }

    /// <summary>The group that begins at <paramref name="from"/>; false behind the last.</summary>
    public bool TryTake(int from, out int width, out ReadOnlySpan<ReadOnlyMemory<int>> texts, out ReadOnlySpan<int> places)
    {
        var to = from;
        while (to < _count && _keys[to] >> 32 == _keys[from] >> 32)
        {
            to++;
        }

        width = to == from ? 0 : (int)-(_keys[from] >> 32);
        texts = _texts.AsSpan(from, to - from);
        places = _places.AsSpan(from, to - from);
        return to > from;
    }
}
