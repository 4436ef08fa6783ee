using System.Buffers;

namespace LoraOnnx.Model.Tokenization.Unigram;

/// <summary>Where the units of a word come from, counted with its mark.</summary>
internal interface IWordPlaces
{
    int Start(int unit);

    int End(int unit);
}

/// <summary>Cuts words, with and without a mark before them: whole pieces by one look-up, words that were cut before by another.</summary>
internal sealed class WordReader
{
    private const int LongestShortWord = 64;

    private readonly char _mark;
    private readonly BestPath _paths;
    private readonly PieceTable _whole;
    private readonly PieceTable _wholeMarked; // without their marks
    private readonly RecentWords _recent = new();
    private readonly RecentWords _recentMarked = new();

    public WordReader(TokenizerFiles files, UnigramFiles options)
    {
        _mark = options.Mark.Mark;
        _paths = new BestPath(files.Pieces, files.Scores, options.UnknownId);
        var words = WholeWords(files.Pieces);
        _whole = new PieceTable(words);
        _wholeMarked = new PieceTable([.. words.Where(word => word.Text[0] == _mark).Select(word => (word.Text[1..], word.Id))]);
    }

    /// <summary>Cuts a word.</summary>
    /// <param name="word">The word, without the mark.</param>
    /// <param name="isMarked">Whether there is one.</param>
    /// <param name="places">Where its units come from; the mark is the first of them.</param>
    /// <param name="sink">Takes the tokens.</param>
    public void Read<TPlaces>(ReadOnlySpan<char> word, bool isMarked, TPlaces places, TokenSink sink)
        where TPlaces : struct, IWordPlaces
    {
        var hash = PieceTable.Hash(word);
        var units = word.Length + (isMarked ? 1 : 0);
        if ((isMarked ? _wholeMarked : _whole).TryFind(hash, word, out var known))
        {
            sink.Add(known, places.Start(0), places.End(units - 1));
            return;
        }

        var recent = isMarked ? _recentMarked : _recent;
        if (word.Length > RecentWords.LongestWord)
        {
            Cut(word, isMarked, units, places, sink);
        }
        else if (recent.Find(hash, word) is { } before)
        {
            Add(before, places, sink);
        }
        else
        {
            recent.Keep(hash, word, Cut(word, isMarked, units, places, sink));
        }
    }

    private (int Id, int End)[] Cut<TPlaces>(ReadOnlySpan<char> word, bool isMarked, int units, TPlaces places, TokenSink sink)
        where TPlaces : struct, IWordPlaces
    {
        var rented = units > LongestShortWord ? ArrayPool<(int Id, int End)>.Shared.Rent(units) : null;
        var tokens = rented is null ? stackalloc (int Id, int End)[LongestShortWord] : rented.AsSpan();
        var copied = ArrayPool<char>.Shared.Rent(units);
        copied[0] = _mark;
        word.CopyTo(copied.AsSpan(units - word.Length));
        tokens = tokens[.._paths.Cut(copied.AsSpan(0, units), tokens)];
        ArrayPool<char>.Shared.Return(copied);
        Add(tokens, places, sink);
        var kept = word.Length > RecentWords.LongestWord ? [] : tokens.ToArray();
        if (rented is not null)
        {
            ArrayPool<(int Id, int End)>.Shared.Return(rented);
        }

        return kept;
    }

    private static void Add<TPlaces>(ReadOnlySpan<(int Id, int End)> tokens, TPlaces places, TokenSink sink)
        where TPlaces : struct, IWordPlaces
    {
        var start = 0;
        foreach (var (id, end) in tokens)
        {
            sink.Add(id, places.Start(start), places.End(end - 1));
            start = end;
        }
    }

    /// <summary>Pieces that are their own best path: most words need one look-up and no search.</summary>
    private List<(string Text, int Id)> WholeWords(IReadOnlyList<(string Text, int Id)> pieces)
    {
        var words = new List<(string Text, int Id)>(pieces.Count);
        Span<(int Id, int End)> tokens = stackalloc (int, int)[LongestShortWord];
        foreach (var (text, id) in pieces)
        {
            if (text.Length is > 0 and <= LongestShortWord && _paths.Cut(text, tokens) == 1)
            {
                words.Add((text, tokens[0].Id));
            }
        }

        return words;
    }
}
