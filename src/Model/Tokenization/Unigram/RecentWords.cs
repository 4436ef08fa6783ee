namespace LoraOnnx.Model.Tokenization.Unigram;

/// <summary>
/// The pieces of words that were cut before, as texts repeat their words. At most so many as it has places; thread-safe without a lock.
/// </summary>
/// <remarks>A place holds an immutable entry, which is exchanged whole: a reader sees the old one or the new one.</remarks>
internal sealed class RecentWords
{
    /// <summary>Longer words are rare, and would make the memory's bound large.</summary>
    public const int LongestWord = 32;

    private readonly Entry?[] _places = new Entry?[1 << 14];

    /// <summary>The pieces of a word, or null where it is not here.</summary>
    /// <param name="hash"><see cref="PieceTable.Hash"/> of the word.</param>
    /// <param name="word">The word.</param>
    public (int Id, int End)[]? Find(uint hash, ReadOnlySpan<char> word)
    {
        var entry = Volatile.Read(ref _places[PlaceOf(hash)]);
        return entry is not null && word.SequenceEqual(entry.Word) ? entry.Tokens : null;
    }

    public void Keep(uint hash, ReadOnlySpan<char> word, ReadOnlySpan<(int Id, int End)> tokens) =>
        Volatile.Write(ref _places[PlaceOf(hash)], new Entry(word.ToString(), tokens.ToArray()));

    private static int PlaceOf(uint hash) => (int)((hash * 2654435769) >> 18); // 14 bits

    private sealed record Entry(string Word, (int Id, int End)[] Tokens);
}
