using System.Buffers;
using System.Text;

namespace LoraOnnx.Model.Tokenization.BytePairs;

/// <summary>RoBERTa's tokenizer: words of GPT-2's splitter as bytes, merged pair by pair.</summary>
internal sealed class BytePairModel : IPieceModel
{
    private readonly BytePairFiles _options;
    private readonly PieceTexts _texts;
    private readonly AddedTokenIndex _raw;
    private readonly AddedTokenIndex _normalized;
    private readonly MergeTable _merges;
    private readonly int[] _byteIds; // -1 where the vocabulary lacks a byte
    private readonly BlankEnds[] _blanks;
    private readonly PieceTable _words;

    public BytePairModel(TokenizerFiles files, BytePairFiles options)
    {
        _options = options;
        _texts = new PieceTexts(files);
        _raw = new AddedTokenIndex(files.Added.Raw);
        _normalized = new AddedTokenIndex(files.Added.Normalized);
        _merges = new MergeTable(options.Merges);
        var ids = VocabularyFile.Ids(files.Pieces);
        _byteIds = [.. Enumerable.Range(0, 256).Select(value => ids.GetValueOrDefault($"{ByteAlphabet.Of((byte)value)}", -1))];
        _blanks = [.. Enumerable.Range(0, _texts.Size).Select(id => BlankEnds.Of(_texts[id] ?? ""))];
        _words = new PieceTable(WholeWords(files.Pieces));
    }

    public int Size => _texts.Size;

    public bool TakesLoneSurrogates => false;

    public string? TextOf(int id) => _texts[id];

    public void Read(ReadOnlySpan<char> text, TokenSink sink)
    {
        var position = 0;
        while (_raw.Find(text, position, out var start, out var end, out var id))
        {
            ReadSegment(text, position, start, sink);
            Add(text, id, BlankEnds.Of(text[start..end]), start, end, sink);
            position = end;
        }

        ReadSegment(text, position, text.Length, sink);
    }

    public byte[] Decode(string piece, bool isFirst) => ByteAlphabet.Bytes(piece) ?? Encoding.UTF8.GetBytes(piece);

    /// <summary>Entries that their own word is merged to: most words need one look-up and no merging.</summary>
    private List<(string Text, int Id)> WholeWords(IReadOnlyList<(string Text, int Id)> pieces)
    {
        var words = new List<(string Text, int Id)>();
        var strict = new UTF8Encoding(false, throwOnInvalidBytes: true);
        Span<int> merged = stackalloc int[PairMerger.ShortWord];
        Span<int> ends = stackalloc int[PairMerger.ShortWord];
        foreach (var (piece, id) in pieces)
        {
            if (ByteAlphabet.Bytes(piece) is not { Length: > 0 and <= PairMerger.ShortWord } bytes || !System.Text.Unicode.Utf8.IsValid(bytes))
            {
                continue;
            }

            var count = Begin(bytes, merged, ends);
            if (_options.IgnoresMerges || (count == bytes.Length && PairMerger.Merge(_merges, merged[..count], ends[..count]) == 1
                && merged[0] == id))
            {
                words.Add((strict.GetString(bytes), id));
            }
        }

        return words;
    }

    /// <summary>What lies between added tokens; those of the second round are found in it.</summary>
    private void ReadSegment(ReadOnlySpan<char> text, int from, int to, TokenSink sink)
    {
        var segment = text[from..to];
        var position = 0;
        while (!_normalized.IsEmpty && _normalized.Find(segment, position, out var start, out var end, out var id))
        {
            ReadWords(text, from + position, from + start, sink);
            Add(text, id, BlankEnds.Of(segment[start..end]), from + start, from + end, sink);
            position = end;
        }

        ReadWords(text, from + position, to, sink);
    }

    private void ReadWords(ReadOnlySpan<char> text, int from, int to, TokenSink sink)
    {
        if (from == to)
        {
            return;
        }

        if (!_options.AddPrefixSpace || text[from] == ' ')
        {
            ReadWords(text, text[from..to], from, wasAdded: false, sink);
            return;
        }

        var length = to - from + 1;
        var buffer = ArrayPool<char>.Shared.Rent(length);
        buffer[0] = ' ';
        text[from..to].CopyTo(buffer.AsSpan(1));
        ReadWords(text, buffer.AsSpan(0, length), from - 1, wasAdded: true, sink);
        ArrayPool<char>.Shared.Return(buffer);
    }

    /// <param name="text">The whole text, of which offsets speak.</param>
    /// <param name="words">What is read now.</param>
    /// <param name="shift">Where it begins in the text; one unit before its first character where a blank was added.</param>
    /// <param name="wasAdded">The first unit is a blank that is not in the text.</param>
    /// <param name="sink">Takes the tokens.</param>
    private void ReadWords(ReadOnlySpan<char> text, ReadOnlySpan<char> words, int shift, bool wasAdded, TokenSink sink)
    {
        for (var start = 0; start < words.Length;)
        {
            var end = WordSplitter.End(words, start);
            if (_words.TryFind(words[start..end], out var id))
            {
                var first = start == 0 && wasAdded ? shift + 1 : shift + start;
                Add(text, id, _blanks[id], first, end == 1 && wasAdded ? EndOfFirst(text, shift + 1) : shift + end, sink);
            }
            else
            {
                Merge(text, words[start..end], shift + start, start == 0 && wasAdded, sink);
            }

            start = end;
        }
    }

    private static int EndOfFirst(ReadOnlySpan<char> text, int start)
    {
        Rune.DecodeFromUtf16(text[start..], out _, out var units);
        return start + units;
    }

    /// <summary>A word as bytes, each with the place of its character, merged.</summary>
    private void Merge(ReadOnlySpan<char> text, ReadOnlySpan<char> word, int shift, bool wasAdded, TokenSink sink)
    {
        var most = 3 * word.Length;
        var bytes = ArrayPool<byte>.Shared.Rent(most);
        var scratch = ArrayPool<int>.Shared.Rent(4 * most);
        var starts = scratch.AsSpan(0, most);
        var ends = scratch.AsSpan(most, most);
        var length = 0;
        for (var index = 0; index < word.Length;)
        {
            Rune.DecodeFromUtf16(word[index..], out var rune, out var units);
            var (start, end) = index == 0 && wasAdded ? (shift + 1, EndOfFirst(text, shift + 1)) : (shift + index, shift + index + units);
            var count = rune.EncodeToUtf8(bytes.AsSpan(length));
            starts.Slice(length, count).Fill(start);
            ends.Slice(length, count).Fill(end);
            length += count;
            index += units;
        }

        var ids = scratch.AsSpan(2 * most, most);
        var places = scratch.AsSpan(3 * most, most);
        var kept = Begin(bytes.AsSpan(0, length), ids, places);
        kept = PairMerger.Merge(_merges, ids[..kept], places[..kept]);
        for (var (index, from) = (0, 0); index < kept; from = places[index++])
        {
            Add(text, ids[index], _blanks[ids[index]], starts[from], ends[places[index] - 1], sink);
        }

        ArrayPool<byte>.Shared.Return(bytes);
        ArrayPool<int>.Shared.Return(scratch);
    }

    /// <summary>The ids of single bytes. Bytes that the vocabulary lacks are unknown, or left out where there is no such token.</summary>
    private int Begin(ReadOnlySpan<byte> bytes, Span<int> ids, Span<int> ends)
    {
        var (count, end) = (0, 0);
        var afterUnknown = false;
        foreach (var value in bytes)
        {
            var isUnknown = _byteIds[value] < 0;
            if (isUnknown && _options.UnknownId is null)
            {
                continue;
            }

            end++;
            if (isUnknown && afterUnknown && _options.FusesUnknown)
            {
                ends[count - 1] = end;
                continue;
            }

            ids[count] = isUnknown ? _options.UnknownId!.Value : _byteIds[value]; // not null: checked above
            ends[count++] = end;
            afterUnknown = isUnknown;
        }

        return count;
    }

    private void Add(ReadOnlySpan<char> text, int id, BlankEnds blanks, int start, int end, TokenSink sink)
    {
        if (_options.Frame.TrimOffsets && blanks.Any)
        {
            (start, end) = blanks.Trim(text, start, end, isFirst: _options.Frame.AddsPrefixSpace && (sink.Total == 0 || start == 0));
        }

        sink.Add(id, start, end);
    }
}
