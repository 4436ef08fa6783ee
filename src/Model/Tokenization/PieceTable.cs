namespace LoraOnnx.Model.Tokenization;

/// <summary>Finds the longest vocabulary entry that a span begins with, without making a string. Immutable.</summary>
/// <remarks>Open addressing over a running hash: the hashes of all beginnings of a word come from one pass over it.</remarks>
internal sealed class PieceTable
{
    private const uint Seed = 2166136261; // FNV-1a
    private const uint Prime = 16777619;

    private readonly Entry[] _entries;
    private readonly int[] _slots; // index into _entries plus 1; 0 is free
    private readonly int _shift;

    public PieceTable(IReadOnlyList<(string Text, int Id)> pieces)
    {
        _entries = new Entry[pieces.Count];
        var slotBits = Math.Max(4, int.Log2(Math.Max(1, pieces.Count)) + 2); // a quarter to a half full
        _slots = new int[1 << slotBits];
        _shift = 32 - slotBits;
        for (var index = 0; index < pieces.Count; index++)
        {
            var (text, id) = pieces[index];
            _entries[index] = new Entry(Hash(text), id, text);
            LongestPiece = Math.Max(LongestPiece, text.Length);
            var slot = SlotOf(_entries[index].Hash);
            while (_slots[slot] != 0 && _entries[_slots[slot] - 1].Text != text)
            {
                slot = (slot + 1) & (_slots.Length - 1);
            }

            _slots[slot] = index + 1; // of two equal lines the later one counts, as in Hugging Face's
        }
    }

    /// <summary>Length of the longest entry in UTF-16 units.</summary>
    public int LongestPiece { get; }

    /// <summary>The length of the longest entry that <paramref name="word"/> begins with, and its id; 0 where there is none.</summary>
    /// <param name="word">What is left of the word.</param>
    /// <param name="hashes">Scratch, at least as long as the word.</param>
    /// <param name="id">The entry's id.</param>
    public int LongestPrefix(ReadOnlySpan<char> word, Span<uint> hashes, out int id)
    {
        var longest = Math.Min(word.Length, LongestPiece);
        var hash = Seed;
        for (var index = 0; index < longest; index++)
        {
            hash = (hash ^ word[index]) * Prime;
            hashes[index] = hash;
        }

        for (var length = longest; length > 0; length--)
        {
            if (TryFind(hashes[length - 1], word[..length], out id))
            {
                return length;
            }
        }

        id = -1;
        return 0;
    }

    /// <summary>The id of an entry.</summary>
    public bool TryFind(ReadOnlySpan<char> text, out int id) => TryFind(Hash(text), text, out id);

    /// <summary>Like <see cref="TryFind(ReadOnlySpan{char}, out int)"/>, for a text whose <see cref="Hash"/> is known.</summary>
    public bool TryFind(uint hash, ReadOnlySpan<char> text, out int id)
    {
        for (var slot = SlotOf(hash); _slots[slot] != 0; slot = (slot + 1) & (_slots.Length - 1))
        {
            ref readonly var entry = ref _entries[_slots[slot] - 1];
            if (entry.Hash == hash && text.SequenceEqual(entry.Text))
            {
                id = entry.Id;
                return true;
            }
        }

        id = -1;
        return false;
    }

    /// <summary>FNV-1a over UTF-16 units.</summary>
    public static uint Hash(ReadOnlySpan<char> text)
    {
        var hash = Seed;
        foreach (var unit in text)
        {
            hash = (hash ^ unit) * Prime;
        }

        return hash;
    }

    private int SlotOf(uint hash) => (int)((hash * 2654435769) >> _shift); // Knuth's multiplier spreads the low bits to the top

    private readonly record struct Entry(uint Hash, int Id, string Text);
}
