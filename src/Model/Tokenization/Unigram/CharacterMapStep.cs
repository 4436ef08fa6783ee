using System.Globalization;
using System.Text;

namespace LoraOnnx.Model.Tokenization.Unigram;

/// <summary>Applies a <see cref="CharacterMap"/> grapheme by grapheme, as Hugging Face's <c>Precompiled</c> does.</summary>
/// <remarks>
/// A grapheme of less than 6 bytes in UTF-8 is looked up as a whole, and replaced as a whole where the map has any beginning of it; others are looked
/// up a character at a time. A longer one that has an entry is not found: that is how it differs from SentencePiece itself.
/// </remarks>
internal sealed class CharacterMapStep : INormalizerStep
{
    private const int LongestWhole = 5;

    private static readonly bool[] _standAlone = StandAlone();

    private readonly CharacterMap _map;
    private readonly bool[] _plain; // stays as it is, whatever plain unit is beside it

    public CharacterMapStep(CharacterMap map)
    {
        _map = map;
        _plain = new bool[1 << 16];
        for (var unit = 0; unit < _plain.Length; unit++)
        {
            _plain[unit] = _standAlone[unit] && Find([(char)unit]) is null;
        }
    }

    public string Identity => $"map {_map.Hash}";

    public bool LeavesAlone(char unit) => _plain[unit];

    public void Apply(ref NormalizedText text, ref NormalizedText spare)
    {
        if (IsPlain(text.Text))
        {
            return;
        }

        spare.Clear();
        var writer = new AlignedWriter(text, spare);
        var units = text.Text;
        for (var index = 0; index < units.Length;)
        {
            if (_plain[units[index]] && (index + 1 == units.Length || _plain[units[index + 1]]))
            {
                writer.Keep(units.Slice(index++, 1));
                continue;
            }

            var length = StringInfo.GetNextTextElementLength(units[index..]);
            Read(ref writer, units.Slice(index, length));
            index += length;
        }

        writer.Finish();
        (text, spare) = (spare, text);
    }

    private void Read(ref AlignedWriter writer, ReadOnlySpan<char> grapheme)
    {
        if (Encoding.UTF8.GetByteCount(grapheme) <= LongestWhole && Find(grapheme) is { } whole)
        {
            writer.Replace(grapheme, whole);
            return;
        }

        for (var index = 0; index < grapheme.Length;)
        {
            Rune.DecodeFromUtf16(grapheme[index..], out _, out var units);
            var part = grapheme.Slice(index, units);
            if (Find(part) is { } result)
            {
                writer.Replace(part, result);
            }
            else
            {
                writer.Keep(part);
            }

            index += units;
        }
    }

    private bool IsPlain(ReadOnlySpan<char> text)
    {
        foreach (var unit in text)
        {
            if (!_plain[unit])
            {
                return false;
            }
        }

        return true;
    }

    private string? Find(ReadOnlySpan<char> text)
    {
        Span<byte> bytes = stackalloc byte[8];
        return Encoding.UTF8.TryGetBytes(text, bytes, out var length) ? _map.Find(bytes[..length]) : null;
    }

    /// <summary>Units that are a grapheme of their own beside any other such unit.</summary>
    private static bool[] StandAlone()
    {
        var alone = new bool[1 << 16];
        Span<char> pair = stackalloc char[2];
        foreach (var unit in Enumerable.Range(0, alone.Length).Select(unit => (char)unit).Where(unit => !char.IsSurrogate(unit)))
        {
            alone[unit] = true;
            foreach (var other in "a\u1100\u1161\u11A8\n\r") // a letter, and the three kinds of Hangul's parts
            {
                (pair[0], pair[1]) = (unit, other);
                alone[unit] &= StringInfo.GetNextTextElementLength(pair) == 1;
                (pair[0], pair[1]) = (other, unit);
                alone[unit] &= StringInfo.GetNextTextElementLength(pair) == 1;
            }
        }

        return alone;
    }
}
