using LoraOnnx.V1;

namespace LoraOnnx.Serving.Protocols;

/// <summary>Converts places in a text from UTF-16 units, as .NET counts, to the unit a caller asked for. Fast when asked in rising order.</summary>
internal sealed class TextOffsets(string text, OffsetUnit unit)
{
    private int _utf16;
    private uint _converted;

    /// <summary>The place <paramref name="utf16"/> in the caller's unit.</summary>
    public uint Of(int utf16)
    {
        if (unit == OffsetUnit.Utf16)
        {
            return (uint)utf16;
        }

        if (utf16 < _utf16)
        {
            (_utf16, _converted) = (0, 0);
        }

        while (_utf16 < utf16)
        {
            // Half of a pair counts as one code point and, as U+FFFD, three bytes.
            var whole = System.Text.Rune.TryGetRuneAt(text, _utf16, out var rune);
            _converted += unit == OffsetUnit.CodePoints ? 1 : whole ? (uint)rune.Utf8SequenceLength : 3;
            _utf16 += whole ? rune.Utf16SequenceLength : 1;
        }

        return _converted;
    }
}
