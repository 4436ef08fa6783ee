namespace LoraOnnx.Model.Tokenization.BytePairs;

/// <summary>Which two neighbours become one, and in which order: rank 0 first. Immutable; open addressing over both ids.</summary>
internal sealed class MergeTable
{
    /// <summary>The rank of a pair that does not merge.</summary>
    public const int None = int.MaxValue;

    private readonly Entry[] _entries;
    private readonly int _shift;

    /// <param name="merges">Pairs in order; of two equal ones the later counts.</param>
    public MergeTable(IReadOnlyList<(int Left, int Right, int Result)> merges)
    {
        var bits = Math.Max(4, int.Log2(Math.Max(1, merges.Count)) + 2);
        _entries = new Entry[1 << bits];
        _shift = 64 - bits;
        for (var rank = 0; rank < merges.Count; rank++)
        {
            var (left, right, result) = merges[rank];
            var key = Key(left, right);
            var slot = SlotOf(key);
            while (_entries[slot].Key != 0 && _entries[slot].Key != key)
            {
                slot = (slot + 1) & (_entries.Length - 1);
            }

            _entries[slot] = new Entry(key, rank, result);
        }
    }

    /// <summary>The rank of a pair and what it becomes.</summary>
    public int Rank(int left, int right, out int result)
    {
        var key = Key(left, right);
        for (var slot = SlotOf(key); _entries[slot].Key != 0; slot = (slot + 1) & (_entries.Length - 1))
        {
            if (_entries[slot].Key == key)
            {
                result = _entries[slot].Result;
                return _entries[slot].Rank;
            }
        }

        result = -1;
        return None;
    }

    private static ulong Key(int left, int right) => (((ulong)(uint)left << 32) | (uint)right) + 1; // 0 is a free slot

    private int SlotOf(ulong key) => (int)((key * 0x9E3779B97F4A7C15) >> _shift);

    private readonly record struct Entry(ulong Key, int Rank, int Result);
}
