using System.Buffers;
using System.Text;
using LoraOnnx.Model.Tokenization.Unicode;

namespace LoraOnnx.Model.Tokenization.Unigram;

/// <summary>XLM-RoBERTa's tokenizer: normalized words behind a mark, each cut into the pieces of the highest score.</summary>
internal sealed class UnigramModel : IPieceModel
{
    private const int LongestShortWord = 64;

    private readonly PieceTexts _texts;
    private readonly AddedTokenIndex _raw;
    private readonly AddedTokenIndex _normalized;
    private readonly IReadOnlyList<INormalizerStep> _steps;
    private readonly WordMark _mark;
    private readonly BestPath _paths;
    private readonly PieceTable _words;
    private readonly RecentWords _recent = new();

    public UnigramModel(TokenizerFiles files, UnigramFiles options)
    {
        _texts = new PieceTexts(files);
        _steps = options.Steps;
        _mark = options.Mark;
        _paths = new BestPath(files.Pieces, files.Scores, options.UnknownId);
        _words = new PieceTable(WholeWords(files.Pieces));
        _raw = new AddedTokenIndex(files.Added.Raw);
        _normalized = new AddedTokenIndex(files.Added.Normalized.Select(token => (Normalize(token.Text), token.Id, token.Rules)));
    }

    public int Size => _texts.Size;

    public bool TakesLoneSurrogates => false;

    public string? TextOf(int id) => _texts[id];

    public void Read(ReadOnlySpan<char> text, TokenSink sink)
    {
        var (buffer, spare) = (new NormalizedText(), new NormalizedText());
        try
        {
            var position = 0;
            while (_raw.Find(text, position, out var start, out var end, out var id))
            {
                ReadSegment(text[position..start], position, ref buffer, ref spare, sink);
                sink.Add(id, start, end);
                position = end;
            }

            ReadSegment(text[position..], position, ref buffer, ref spare, sink);
        }
        finally
        {
            buffer.Dispose();
            spare.Dispose();
        }
    }

    public byte[] Decode(string piece, bool isFirst) => Encoding.UTF8.GetBytes(piece.Replace(_mark.Mark, ' ').TrimStart(isFirst ? ' ' : '\0'));

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

    private string Normalize(string text)
    {
        var (buffer, spare) = (new NormalizedText(), new NormalizedText());
        buffer.Fill(text, 0);
        Normalize(ref buffer, ref spare);
        var normalized = buffer.Text.ToString();
        buffer.Dispose();
        spare.Dispose();
        return normalized;
    }

    private void Normalize(ref NormalizedText buffer, ref NormalizedText spare)
    {
        foreach (var step in _steps)
        {
            step.Apply(ref buffer, ref spare);
        }
    }

    private void ReadSegment(ReadOnlySpan<char> text, int shift, ref NormalizedText buffer, ref NormalizedText spare, TokenSink sink)
    {
        if (text.IsEmpty)
        {
            return;
        }

        buffer.Fill(text, shift);
        Normalize(ref buffer, ref spare);
        var position = 0;
        while (!_normalized.IsEmpty && _normalized.Find(buffer.Text, position, out var start, out var end, out var id))
        {
            ReadWords(buffer, NormalizedText.First + position, NormalizedText.First + start, sink);
            sink.Add(id, buffer.Starts[NormalizedText.First + start], buffer.Ends[NormalizedText.First + end - 1]);
            position = end;
        }

        ReadWords(buffer, NormalizedText.First + position, buffer.End, sink);
    }

    private void ReadWords(NormalizedText buffer, int from, int to, TokenSink sink)
    {
        if (!_mark.SplitsAtWhiteSpace)
        {
            buffer.Units[from..to].Replace(' ', _mark.Mark);
            ReadMarked(buffer, from, to, isBeginning: from < to && from == NormalizedText.First && buffer.Starts[from] == 0, sink);
            return;
        }

        for (var start = from; start < to;)
        {
            if (UnicodeTables.Instance.Is(buffer.Units[start], CharacterTraits.Space))
            {
                start++;
                continue;
            }

            var end = start + 1;
            while (end < to && !UnicodeTables.Instance.Is(buffer.Units[end], CharacterTraits.Space))
            {
                end++;
            }

            ReadMarked(buffer, start, end, isBeginning: buffer.Starts[start] == 0, sink);
            start = end;
        }
    }

    /// <summary>A stretch whose blanks are marks: puts one before it, and cuts it where they are. The unit before the stretch is free.</summary>
    private void ReadMarked(NormalizedText buffer, int from, int to, bool isBeginning, TokenSink sink)
    {
        var isMarked = _mark.Place == MarkPlace.Always || (_mark.Place == MarkPlace.First && isBeginning);
        if (isMarked && from < to && buffer.Units[from] != _mark.Mark)
        {
            from--;
            (buffer.Units[from], buffer.Starts[from], buffer.Ends[from]) = (_mark.Mark, buffer.Starts[from + 1], buffer.Ends[from + 1]);
        }

        for (var start = from; start < to;)
        {
            var next = _mark.Splits ? buffer.Units[(start + 1)..to].IndexOf(_mark.Mark) : -1;
            var end = next < 0 ? to : start + 1 + next;
            ReadWord(buffer, start, end, sink);
            start = end;
        }
    }

    private void ReadWord(NormalizedText buffer, int from, int to, TokenSink sink)
    {
        var word = (ReadOnlySpan<char>)buffer.Units[from..to];
        if (_words.TryFind(word, out var known))
        {
            sink.Add(known, buffer.Starts[from], buffer.Ends[to - 1]);
            return;
        }

        if (word.Length <= RecentWords.LongestWord && _recent.Find(word) is { } before)
        {
            Add(buffer, from, before, sink);
            return;
        }

        var rented = word.Length > LongestShortWord ? ArrayPool<(int Id, int End)>.Shared.Rent(word.Length) : null;
        var tokens = rented is null ? stackalloc (int Id, int End)[LongestShortWord] : rented.AsSpan();
        tokens = tokens[.._paths.Cut(word, tokens)];
        if (word.Length <= RecentWords.LongestWord)
        {
            _recent.Keep(word, tokens);
        }

        Add(buffer, from, tokens, sink);
        if (rented is not null)
        {
            ArrayPool<(int Id, int End)>.Shared.Return(rented);
        }
    }

    private static void Add(NormalizedText buffer, int from, ReadOnlySpan<(int Id, int End)> tokens, TokenSink sink)
    {
        var start = 0;
        foreach (var (id, end) in tokens)
        {
            sink.Add(id, buffer.Starts[from + start], buffer.Ends[from + end - 1]);
            start = end;
        }
    }
}
