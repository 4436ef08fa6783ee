using System.Buffers;

namespace LoraOnnx.Model.Tokenization.Unigram;

/// <summary>The pieces of a word with the highest sum of scores: Viterbi's algorithm, in double as Hugging Face's tokenizers compute it.</summary>
internal sealed class BestPath
{
    /// <summary>How much less than the lowest score an unknown character counts.</summary>
    private const double UnknownPenalty = 10;

    /// <summary>Up to so many units no array is rented.</summary>
    private const int ShortWord = 32;

    private readonly PieceTrie _trie;
    private readonly double[] _scores; // by id
    private readonly int _unknownId;
    private readonly double _unknownScore;

    public BestPath(IReadOnlyList<(string Text, int Id)> pieces, IReadOnlyList<double> scores, int unknownId)
    {
        _trie = new PieceTrie(pieces);
        _scores = new double[pieces.Max(piece => piece.Id) + 1];
        for (var index = 0; index < pieces.Count; index++)
        {
            _scores[pieces[index].Id] = scores[index];
        }

        _unknownId = unknownId;
        _unknownScore = scores.Min() - UnknownPenalty;
    }

    /// <summary>Cuts a word; <paramref name="tokens"/> takes for each piece its id and where it ends, and has room for one a unit.</summary>
    /// <returns>How many pieces there are.</returns>
    public int Cut(ReadOnlySpan<char> word, Span<(int Id, int End)> tokens)
    {
        var rented = word.Length > ShortWord ? ArrayPool<Node>.Shared.Rent(word.Length + 1) : null;
        var nodes = (rented is null ? stackalloc Node[ShortWord + 1] : rented.AsSpan())[..(word.Length + 1)];
        Walk(word, nodes);
        var count = 0;
        for (var end = word.Length; end > 0;)
        {
            var (id, start) = (nodes[end].Id, nodes[end].Start);
            var last = end;
            while (id == _unknownId && start > 0 && nodes[start].Id == _unknownId)
            {
                start = nodes[start].Start; // unknown characters in a row are one token
            }

            tokens[count++] = (id == _unknownId ? IdOf(word[start..last]) : id, last);
            end = start;
        }

        tokens[..count].Reverse();
        if (rented is not null)
        {
            ArrayPool<Node>.Shared.Return(rented);
        }

        return count;
    }

    private void Walk(ReadOnlySpan<char> word, Span<Node> nodes)
    {
        nodes.Fill(new Node(0, -1, -1));
        for (var start = 0; start < word.Length;)
        {
            var units = start + 1 < word.Length && char.IsSurrogatePair(word[start], word[start + 1]) ? 2 : 1;
            var before = nodes[start].Score;
            var isKnown = false;
            var node = PieceTrie.Root;
            for (var end = start; end < word.Length && (node = _trie.Child(node, word[end])) >= 0;)
            {
                end++;
                if (_trie.IdAt(node) is >= 0 and var id)
                {
                    Offer(ref nodes[end], before + _scores[id], start, id);
                    isKnown |= end - start == units;
                }
            }

            if (!isKnown)
            {
                Offer(ref nodes[start + units], before + _unknownScore, start, _unknownId);
            }

            start += units;
        }
    }

    private static void Offer(ref Node node, double score, int start, int id)
    {
        if (node.Start < 0 || score > node.Score)
        {
            node = new Node(score, start, id);
        }
    }

    /// <summary>Unknown characters in a row may be a piece together.</summary>
    private int IdOf(ReadOnlySpan<char> text)
    {
        var node = PieceTrie.Root;
        foreach (var unit in text)
        {
            node = _trie.Child(node, unit);
            if (node < 0)
            {
                return _unknownId;
            }
        }

        return _trie.IdAt(node) is >= 0 and var id ? id : _unknownId;
    }

    private readonly record struct Node(double Score, int Start, int Id);
}
