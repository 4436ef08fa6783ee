using System.Text;

namespace LoraOnnx.Model.Tokenization.Unigram;

/// <summary>Writes a changed text with the places of the old one, by the arithmetic of Hugging Face's <c>NormalizedString</c>.</summary>
/// <remarks>
/// Each character written has a change: 0 takes the place of the next old one, 1 shares that of the one before, -n takes the next and skips n. What
/// goes without a trace is counted to the character before it, which may have been an added one. Before anything is written nothing can be skipped:
/// places lag behind from there on, as there. <see cref="Finish"/> writes the last character.
/// </remarks>
internal ref struct AlignedWriter(NormalizedText old, NormalizedText result)
{
    private int _next = NormalizedText.First; // the old unit whose place comes next
    private char _first; // the character that waits for what is counted to it: one unit or two
    private char _second;
    private int _units;
    private int _change;

    /// <summary>A character that stays.</summary>
    public void Keep(ReadOnlySpan<char> character) => Put(character, 0);

    /// <summary>Characters that become others.</summary>
    public void Replace(ReadOnlySpan<char> part, ReadOnlySpan<char> replacement)
    {
        var (before, after) = (Count(part), Count(replacement));
        var written = 0;
        while (replacement.Length > 0)
        {
            Rune.DecodeFromUtf16(replacement, out _, out var units);
            Put(replacement[..units], written++ < before ? 0 : 1);
            replacement = replacement[units..];
        }

        if (after < before && _units > 0)
        {
            _change += after - before;
        }
    }

    /// <summary>Writes the character that waits.</summary>
    public void Finish()
    {
        if (_units == 0)
        {
            return;
        }

        // Places of a unit and of the one before it; (0, 0) where there is none before.
        var from = Math.Min(_change > 0 ? _next - 1 : _next, old.End - 1);
        var (start, end) = from < NormalizedText.First ? (0, 0) : (old.Starts[from], old.Ends[from]);
        result.Append(_first, start, end);
        if (_units == 2)
        {
            result.Append(_second, start, end);
        }

        for (var taken = _change; taken <= 0; taken++)
        {
            var isPair = _next + 1 < old.End && char.IsSurrogatePair(old.Units[_next], old.Units[_next + 1]);
            _next = Math.Min(_next + (isPair ? 2 : 1), old.End);
        }

        _units = 0;
    }

    private void Put(ReadOnlySpan<char> character, int change)
    {
        Finish();
        (_first, _second, _units, _change) = (character[0], character[^1], character.Length, change);
    }

    private static int Count(ReadOnlySpan<char> text)
    {
        var count = 0;
        for (var index = 0; index < text.Length; count++)
        {
            Rune.DecodeFromUtf16(text[index..], out _, out var units);
            index += units;
        }

        return count;
    }
}
