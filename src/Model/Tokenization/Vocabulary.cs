using System.Buffers;

namespace LoraOnnx.Model.Tokenization;

/// <summary>The word pieces of a model by text and by id, and the tokens that are found in a text before anything else.</summary>
internal sealed class Vocabulary
{
    private readonly Dictionary<int, string> _texts;
    private readonly KeyValuePair<string, int>[] _added; // longest first
    private readonly SearchValues<string> _addedTexts;

    /// <param name="pieces">Entries and their ids, in the order of the file.</param>
    /// <param name="added">Tokens matched in the raw text, such as [SEP]; ids may lie past those of the pieces.</param>
    /// <param name="continuingPrefix">Marks a piece that continues a word: ##.</param>
    /// <param name="unknownId">The token of words that cannot be cut.</param>
    /// <param name="longestWord">Words of more code points are unknown.</param>
    public Vocabulary(IReadOnlyList<(string Text, int Id)> pieces, IReadOnlyDictionary<string, int> added, string continuingPrefix, int unknownId, int longestWord)
    {
        Beginnings = new PieceTable(pieces);
        Continuations = new PieceTable([.. pieces
            .Where(piece => piece.Text.StartsWith(continuingPrefix, StringComparison.Ordinal))
            .Select(piece => (piece.Text[continuingPrefix.Length..], piece.Id))]);
        ContinuingPrefix = continuingPrefix;
        LongestWord = longestWord;
        _texts = [];
        foreach (var (text, id) in pieces.Concat(added.Select(token => (token.Key, token.Value))))
        {
            _texts[id] = text;
        }

        Size = _texts.Keys.Max() + 1;
        UnknownId = unknownId;
        _added = [.. added.OrderByDescending(token => token.Key.Length)];
        _addedTexts = SearchValues.Create([.. added.Keys], StringComparison.Ordinal);
    }

    public PieceTable Beginnings { get; }

    public PieceTable Continuations { get; }

    public string ContinuingPrefix { get; }

    public int LongestWord { get; }

    public int UnknownId { get; }

    /// <summary>The highest id plus 1: the rows that an embedding needs.</summary>
    public int Size { get; }

    public string? TextOf(int id) => _texts.GetValueOrDefault(id);

    /// <summary>The leftmost added token in a text, the longest where several begin there.</summary>
    public bool FindAdded(ReadOnlySpan<char> text, out int place, out int length, out int id)
    {
        place = text.IndexOfAny(_addedTexts);
        if (place >= 0)
        {
            foreach (var (token, tokenId) in _added)
            {
                if (text[place..].StartsWith(token, StringComparison.Ordinal))
                {
                    (length, id) = (token.Length, tokenId);
                    return true;
                }
            }
        }

        (length, id) = (0, -1);
        return false;
    }
}
