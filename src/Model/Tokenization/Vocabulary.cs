using System.Buffers;
using System.Diagnostics;

namespace LoraOnnx.Model.Tokenization;

/// <summary>The word pieces of a model by text and by id, and the tokens that are found in a text before anything else.</summary>
internal sealed class Vocabulary
{
    private readonly Dictionary<int, string> _texts;
    private readonly (string Text, int Id, AddedTokenRules Rules)[] _added; // longest first
    private readonly SearchValues<string> _addedTexts;

    /// <param name="pieces">Entries and their ids, in the order of the file.</param>
    /// <param name="added">Tokens matched in the raw text, such as [SEP]; ids may lie past those of the pieces.</param>
    /// <param name="rules">What some of them do with the text around them.</param>
    /// <param name="continuingPrefix">Marks a piece that continues a word: ##.</param>
    /// <param name="unknownId">The token of words that cannot be cut.</param>
    /// <param name="longestWord">Words of more code points are unknown.</param>
    public Vocabulary(IReadOnlyList<(string Text, int Id)> pieces, IReadOnlyDictionary<string, int> added, IReadOnlyDictionary<string, AddedTokenRules> rules, string continuingPrefix, int unknownId, int longestWord)
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
        _added = [.. added.OrderByDescending(token => token.Key.Length).Select(token => (token.Key, token.Value, rules.GetValueOrDefault(token.Key)))];
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

    /// <summary>The first added token from a position on, the longest where several begin there, with the white space that belongs to it.</summary>
    public bool FindAdded(ReadOnlySpan<char> text, int position, out int start, out int end, out int id)
    {
        for (var from = position; ;)
        {
            start = text[from..].IndexOfAny(_addedTexts);
            if (start < 0)
            {
                (end, id) = (0, -1);
                return false;
            }

            start += from;
            var (found, foundId, rules) = LongestAt(text[start..]);
            end = start + found.Length;
            if (!rules.Forbids(text[..start], text[end..]))
            {
                start -= rules.Before(text[position..start]); // what the token before took is taken
                end += rules.After(text[end..]);
                id = foundId;
                return true;
            }

            from = end;
        }
    }

    private (string Text, int Id, AddedTokenRules Rules) LongestAt(ReadOnlySpan<char> text)
    {
        foreach (var token in _added)
        {
            if (text.StartsWith(token.Text, StringComparison.Ordinal))
            {
                return token;
            }
        }

        throw new UnreachableException("an added token was found that is none. This is a bug.");
    }
}
