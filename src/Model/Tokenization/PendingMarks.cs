using LoraOnnx.Model.Tokenization.Unicode;

namespace LoraOnnx.Model.Tokenization;

/// <summary>A code point and the UTF-16 units of the text that it came from.</summary>
internal readonly record struct PlacedCharacter(int CodePoint, int Start, int End);

/// <summary>Combining characters that wait for the next starter, to be put into canonical order (the sorting step of NFD).</summary>
internal sealed class PendingMarks
{
    private readonly List<(int Class, int CodePoint, bool IsTail)> _marks = [];
    private readonly List<(int Start, int End)> _places = [];

    public int Count => _marks.Count;

    /// <summary>Adds one code point of a decomposition; <paramref name="isTail"/> for all but its first.</summary>
    public void Add(int codePoint, bool isTail, int start, int end)
    {
        _marks.Add((UnicodeTables.Instance.CombiningClass(codePoint), codePoint, isTail));
        if (!isTail)
        {
            _places.Add((start, end));
        }
    }

    /// <summary>Hands out the marks in canonical order and forgets them.</summary>
    /// <param name="startOfTail">The place of the starter before the marks, for marks that belong to its decomposition.</param>
    /// <remarks>
    /// Places stay in the order of the text while characters are sorted: that is what Hugging Face's alignment does. A tail shares the place
    /// of whatever was placed before it.
    /// </remarks>
    public IEnumerable<PlacedCharacter> TakeSorted((int Start, int End) startOfTail)
    {
        var place = startOfTail;
        var next = 0;
        foreach (var (_, codePoint, isTail) in _marks.OrderBy(mark => mark.Class)) // stable
        {
            if (!isTail)
            {
                place = _places[next++];
            }

            yield return new PlacedCharacter(codePoint, place.Start, place.End);
        }

        _marks.Clear();
        _places.Clear();
    }
}
