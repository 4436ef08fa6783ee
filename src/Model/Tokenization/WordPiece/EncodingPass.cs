using System.Buffers;
using System.Text;
using LoraOnnx.Model.Tokenization.Unicode;

namespace LoraOnnx.Model.Tokenization.WordPiece;

/// <summary>One walk over a text: normalizes it a character at a time, ends words, and cuts each into word pieces.</summary>
/// <remarks>
/// Beside the tokens only the current word is held, no more of it than the longest word that is not unknown, and the combining marks in a row that
/// wait for their order: memory grows with those alone.
/// </remarks>
internal struct EncodingPass : IDisposable
{
    private readonly CharacterPlan _plan;
    private readonly WordPieceVocabulary _vocabulary;
    private readonly TokenSink _sink;
    private readonly char[] _word;
    private readonly int[] _starts;
    private readonly int[] _ends;
    private readonly uint[] _hashes;
    private int _length; // UTF-16 units in _word
    private int _characters; // code points of the word, also those past the limit that are not stored
    private int _wordStart;
    private int _wordEnd;
    private PendingMarks? _marks; // made when a text first needs it
    private (int Start, int End) _starter;

    public EncodingPass(CharacterPlan plan, WordPieceVocabulary vocabulary, TokenSink sink)
    {
        _plan = plan;
        _vocabulary = vocabulary;
        var units = 2 * vocabulary.LongestWord;
        _word = ArrayPool<char>.Shared.Rent(units);
        _starts = ArrayPool<int>.Shared.Rent(units);
        _ends = ArrayPool<int>.Shared.Rent(units);
        _hashes = ArrayPool<uint>.Shared.Rent(units);
        _sink = sink;
    }

    /// <summary>Reads a text: special tokens in it first, then what lies between them.</summary>
    public void Read(ReadOnlySpan<char> text)
    {
        var position = 0;
        while (_vocabulary.Added.Find(text, position, out var start, out var end, out var id))
        {
            ReadPlain(text[position..start], position);
            _sink.Add(id, start, end);
            position = end;
        }

        ReadPlain(text[position..], position);
    }

    public readonly void Dispose()
    {
        ArrayPool<char>.Shared.Return(_word);
        ArrayPool<int>.Shared.Return(_starts);
        ArrayPool<int>.Shared.Return(_ends);
        ArrayPool<uint>.Shared.Return(_hashes);
        if (_marks is not null)
        {
            _marks.Clear();
            PerThread<PendingMarks>.Return(_marks);
        }
    }

    private void ReadPlain(ReadOnlySpan<char> text, int offset)
    {
        for (var index = 0; index < text.Length; index++)
        {
            var fate = _plan.Look(text[index], out var result);
            if (fate == CharacterFate.Append && _marks is null or { Count: 0 })
            {
                Append(result, offset + index, offset + index + 1);
                continue;
            }

            switch (fate)
            {
                case CharacterFate.Drop:
                    break;
                case CharacterFate.Complex:
                    Rune.DecodeFromUtf16(text[index..], out var rune, out var units); // a lone surrogate gives U+FFFD
                    ReadComplex(rune.Value, offset + index, offset + index + units);
                    index += units - 1;
                    break;
                case CharacterFate.Append:
                    PlaceMarks();
                    Append(result, offset + index, offset + index + 1);
                    break;
                default:
                    PlaceMarks();
                    EndWord();
                    if (fate == CharacterFate.Isolate)
                    {
                        Append(result, offset + index, offset + index + 1);
                        EndWord();
                    }

                    break;
            }
        }

        PlaceMarks();
        EndWord();
    }

    private void ReadComplex(int codePoint, int start, int end)
    {
        if (_plan.IsDropped(codePoint))
        {
            return;
        }

        var isSplit = _plan.IsSplit(codePoint);
        if (isSplit)
        {
            PlaceMarks();
            EndWord();
        }

        if (_plan.Options.StripAccents)
        {
            Decompose(codePoint, start, end);
        }
        else
        {
            Finish(codePoint, start, end);
        }

        if (isSplit)
        {
            PlaceMarks();
            EndWord();
        }
    }

    private void Decompose(int codePoint, int start, int end)
    {
        Span<int> parts = stackalloc int[4];
        var count = UnicodeTables.Instance.Decompose(codePoint, parts);
        for (var index = 0; index < count; index++)
        {
            if (UnicodeTables.Instance.CombiningClass(parts[index]) != 0)
            {
                (_marks ??= PerThread<PendingMarks>.Take()).Add(parts[index], isTail: index > 0, start, end);
                continue;
            }

            PlaceMarks();
            _starter = (start, end);
            Finish(parts[index], start, end);
        }
    }

    private void PlaceMarks()
    {
        if (_marks is null or { Count: 0 })
        {
            return;
        }

        foreach (var mark in _marks.TakeSorted(_starter))
        {
            Finish(mark.CodePoint, mark.Start, mark.End);
        }
    }

    /// <summary>The steps after decomposition: strip, lower the case, cut at white space and punctuation.</summary>
    private void Finish(int codePoint, int start, int end)
    {
        var unicode = UnicodeTables.Instance;
        if (_plan.Options.StripAccents && unicode.Is(codePoint, CharacterTraits.Mark))
        {
            return;
        }

        if (!_plan.Options.Lowercase)
        {
            AppendOrCut(codePoint, start, end);
        }
        else if (unicode.LowerToMany(codePoint) is { } many)
        {
            foreach (var one in many)
            {
                AppendOrCut(one, start, end);
            }
        }
        else
        {
            AppendOrCut(unicode.ToLower(codePoint), start, end);
        }
    }

    private void AppendOrCut(int codePoint, int start, int end)
    {
        var traits = UnicodeTables.Instance.Traits(codePoint);
        if ((traits & CharacterTraits.Space) != 0)
        {
            EndWord();
            return;
        }

        var alone = (traits & CharacterTraits.Punctuation) != 0;
        if (alone)
        {
            EndWord();
        }

        if (codePoint <= char.MaxValue)
        {
            Append((char)codePoint, start, end);
        }
        else
        {
            var rune = new Rune(codePoint);
            Span<char> units = stackalloc char[2];
            rune.EncodeToUtf16(units);
            Append(units[0], start, end);
            Append(units[1], start, end);
            _characters--;
        }

        if (alone)
        {
            EndWord();
        }
    }

    private void Append(char unit, int start, int end)
    {
        if (_characters++ == 0)
        {
            _wordStart = start;
        }

        _wordEnd = end;
        if (_length < 2 * _vocabulary.LongestWord)
        {
            _word[_length] = unit;
            _starts[_length] = start;
            _ends[_length++] = end;
        }
    }

    private void EndWord()
    {
        if (_characters == 0)
        {
            return;
        }

        if (_characters > _vocabulary.LongestWord || !TryCut(_word.AsSpan(0, _length)))
        {
            _sink.Add(_vocabulary.UnknownId, _wordStart, _wordEnd);
        }

        _length = 0;
        _characters = 0;
    }

    /// <summary>Cuts a word into pieces, the longest first; false where no piece fits.</summary>
    private bool TryCut(ReadOnlySpan<char> word)
    {
        var before = _sink.Total;
        for (var start = 0; start < word.Length;)
        {
            var pieces = start == 0 ? _vocabulary.Beginnings : _vocabulary.Continuations;
            var length = pieces.LongestPrefix(word[start..], _hashes, out var id);
            if (length == 0)
            {
                _sink.TakeBackTo(before);
                return false;
            }

            _sink.Add(id, _starts[start], _ends[start + length - 1]);
            start += length;
        }

        return true;
    }
}
