using System.Text;
using LoraOnnx.Model.Tokenization.Unicode;

namespace LoraOnnx.Model.Tokenization.Unigram;

/// <summary>XLM-RoBERTa's tokenizer: normalized words behind a mark, each cut into the pieces of the highest score.</summary>
internal sealed class UnigramModel : IPieceModel
{
    private readonly PieceTexts _texts;
    private readonly AddedTokenIndex _raw;
    private readonly AddedTokenIndex _normalized;
    private readonly INormalizerStep[] _steps; // an array: what enumerates a list is an object
    private readonly WordMark _mark;
    private readonly WordReader _words;
    private readonly PlainText? _plain; // null where a word may be more than what stands between blanks

    public UnigramModel(TokenizerFiles files, UnigramFiles options)
    {
        _texts = new PieceTexts(files);
        _steps = [.. options.Steps];
        _mark = options.Mark;
        _words = new WordReader(files, options);
        _plain = _mark.Splits || _mark.SplitsAtWhiteSpace ? new PlainText(_steps, _mark.Mark) : null;
        _raw = new AddedTokenIndex(files.Added.Raw);
        _normalized = new AddedTokenIndex(files.Added.Normalized.Select(token => (Normalize(token.Text), token.Id, token.Rules)));
    }

    /// <summary>False: every text is normalized as a whole, which is the rule that stretches have to keep.</summary>
    internal bool ReadsByStretches { get; init; } = true;

    public int Size => _texts.Size;

    public bool TakesLoneSurrogates => false;

    public string? TextOf(int id) => _texts[id];

    public void Read(ReadOnlySpan<char> text, TokenSink sink)
    {
        var buffers = Buffers.Rent();
        try
        {
            var position = 0;
            while (_raw.Find(text, position, out var start, out var end, out var id))
            {
                ReadSegment(text[position..start], position, buffers, sink);
                sink.Add(id, start, end);
                position = end;
            }

            ReadSegment(text[position..], position, buffers, sink);
        }
        finally
        {
            buffers.Dispose();
        }
    }

    public byte[] Decode(string piece, bool isFirst) => Encoding.UTF8.GetBytes(piece.Replace(_mark.Mark, ' ').TrimStart(isFirst ? ' ' : '\0'));

    private string Normalize(string text)
    {
        using var buffers = Buffers.Rent();
        return Normalize(text, 0, buffers).Text.ToString();
    }

    private NormalizedText Normalize(ReadOnlySpan<char> text, int shift, Buffers buffers)
    {
        buffers.Text.Fill(text, shift);
        foreach (var step in _steps)
        {
            step.Apply(ref buffers.Text, ref buffers.Spare);
        }

        return buffers.Text;
    }

    private void ReadSegment(ReadOnlySpan<char> text, int shift, Buffers buffers, TokenSink sink)
    {
        var before = sink.Total;
        if (!text.IsEmpty && !TryReadByStretches(text, shift, buffers, sink))
        {
            sink.TakeBackTo(before);
            ReadWhole(text, shift, buffers, sink);
        }
    }

    /// <summary>Normalizes only what has to be; false where the places of one stretch may depend on another.</summary>
    private bool TryReadByStretches(ReadOnlySpan<char> text, int shift, Buffers buffers, TokenSink sink)
    {
        if (!ReadsByStretches || _plain is null || !_plain.Is(text[0]) || HasNormalizedToken(text))
        {
            return false;
        }

        var doubled = -1;
        for (var position = 0; position < text.Length;)
        {
            var (from, to) = _plain.Next(text, position, ref doubled);
            ReadPlain(text[..(from == text.Length || from == 0 ? from : from - 1)], position, shift, sink); // the blank is the next word's
            if (from < to && !TryReadStretch(text, from, to, shift, buffers, sink))
            {
                return false;
            }

            position = to;
        }

        return true;
    }

    private bool HasNormalizedToken(ReadOnlySpan<char> text) => !_normalized.IsEmpty && _normalized.Find(text, 0, out _, out _, out _);

    /// <summary>Words with single blanks between them, which normalization leaves alone, from a position on.</summary>
    private void ReadPlain(ReadOnlySpan<char> text, int position, int shift, TokenSink sink)
    {
        while (position < text.Length)
        {
            var isAfterBlank = text[position] == ' ';
            var start = isAfterBlank ? position + 1 : position;
            var next = text[start..].IndexOf(' ');
            var end = next < 0 ? text.Length : start + next;
            var isMarkAdded = (_mark.SplitsAtWhiteSpace || !isAfterBlank) && AddsMark(shift + start == 0);
            var isMarked = isMarkAdded || (isAfterBlank && !_mark.SplitsAtWhiteSpace);
            _words.Read(text[start..end], isMarked, new PlainPlaces(shift + start, isMarked, isMarkAdded), sink);
            position = end;
        }
    }

    private bool AddsMark(bool isBeginning) => _mark.Place == MarkPlace.Always || (_mark.Place == MarkPlace.First && isBeginning);

    private bool TryReadStretch(ReadOnlySpan<char> text, int from, int to, int shift, Buffers buffers, TokenSink sink)
    {
        var buffer = Normalize(text[from..to], shift + from, buffers);
        if (HasNormalizedToken(buffer.Text))
        {
            return false;
        }

        if (from == 0 || _mark.SplitsAtWhiteSpace)
        {
            ReadWords(buffer, NormalizedText.First, buffer.End, sink);
            return true;
        }

        // The blank before it is the mark of its first word.
        (buffer.Units[0], buffer.Starts[0], buffer.Ends[0]) = (_mark.Mark, shift + from - 1, shift + from);
        buffer.Units[NormalizedText.First..buffer.End].Replace(' ', _mark.Mark);
        ReadMarked(buffer, 0, buffer.End, isBeginning: false, sink);
        return true;
    }

    private void ReadWhole(ReadOnlySpan<char> text, int shift, Buffers buffers, TokenSink sink)
    {
        var buffer = Normalize(text, shift, buffers);
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
        if (AddsMark(isBeginning) && from < to && buffer.Units[from] != _mark.Mark)
        {
            from--;
            (buffer.Units[from], buffer.Starts[from], buffer.Ends[from]) = (_mark.Mark, buffer.Starts[from + 1], buffer.Ends[from + 1]);
        }

        for (var start = from; start < to;)
        {
            var next = _mark.Splits ? buffer.Units[(start + 1)..to].IndexOf(_mark.Mark) : -1;
            var end = next < 0 ? to : start + 1 + next;
            var isMarked = buffer.Units[start] == _mark.Mark;
            _words.Read(buffer.Units[(isMarked ? start + 1 : start)..end], isMarked, new BufferPlaces(buffer, start), sink);
            start = end;
        }
    }

    /// <summary>A text while it is normalized, and what it is written to meanwhile.</summary>
    private sealed class Buffers : IDisposable
    {
        public NormalizedText Text = new();
        public NormalizedText Spare = new();

        public static Buffers Rent()
        {
            var buffers = PerThread<Buffers>.Take();
            buffers.Text.Open();
            buffers.Spare.Open();
            return buffers;
        }

        public void Dispose()
        {
            Text.Dispose();
            Spare.Dispose();
            PerThread<Buffers>.Return(this);
        }
    }

    private readonly struct BufferPlaces(NormalizedText buffer, int from) : IWordPlaces
    {
        public int Start(int unit) => buffer.Starts[from + unit];

        public int End(int unit) => buffer.Ends[from + unit];
    }

    /// <param name="start">Where the word begins in the text.</param>
    /// <param name="isMarked">Whether the mark counts as its first unit.</param>
    /// <param name="isMarkAdded">A mark that is not in the text has the place of the word's first unit.</param>
    private readonly struct PlainPlaces(int start, bool isMarked, bool isMarkAdded) : IWordPlaces
    {
        public int Start(int unit) => unit == 0 && isMarkAdded ? start : start + unit - (isMarked ? 1 : 0);

        public int End(int unit) => Start(unit) + 1;
    }
}
