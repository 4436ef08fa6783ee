using LoraOnnx.Model.Tokenization.Unicode;

namespace LoraOnnx.Model.Tokenization.WordPiece;

/// <summary>A code point and the UTF-16 units of the text that it came from.</summary>
internal readonly record struct PlacedCharacter(int CodePoint, int Start, int End);

/// <summary>Combining characters that wait for the next starter, to be put into canonical order (the sorting step of NFD).</summary>
internal sealed class PendingMarks
{
    private readonly List<(int Class, int CodePoint, bool IsTail)> _marks = [];
    private readonly List<(int Start, int End)> _places = [];

    public int Count => _marks.Count;

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        _marks.Clear();
        _places.Clear();
    }

    /// <summary>Adds one code point of a decomposition; <paramref name="isTail"/> for all but its first.</summary>
    public void Add(int codePoint, bool isTail, int start, int end)
    {
        var order = UnicodeTables.Instance.CombiningClass(codePoint);
        var at = _marks.Count;
        while (at > 0 && _marks[at - 1].Class > order) // stable: equal classes stay in the order of the text
        {
            at--;
        }

        _marks.Insert(at, (order, codePoint, isTail));
        if (!isTail)
        {
            _places.Add((start, end));
        }
    }

    /// <summary>The marks in canonical order, each with its place.</summary>
    /// <param name="startOfTail">The place of the starter before the marks, for marks that belong to its decomposition.</param>
    /// <remarks>
    /// Places stay in the order of the text while characters are sorted: that is what Hugging Face's alignment does. A tail shares the place
    /// of whatever was placed before it.
    /// </remarks>
    public Sorted TakeSorted((int Start, int End) startOfTail) => new(this, startOfTail);

    /// <summary>Hands out the marks one by one, without a list of its own; they are forgotten at the end.</summary>
    public ref struct Sorted(PendingMarks pending, (int Start, int End) place)
    {
        private int _next;
        private int _nextPlace;

        public PlacedCharacter Current { get; private set; }

        public readonly Sorted GetEnumerator() => this;

        public bool MoveNext()
        {
            if (_next == pending._marks.Count)
            {
                pending.Clear();
                return false;
            }

            var (_, codePoint, isTail) = pending._marks[_next++];
            if (!isTail)
            {
                place = pending._places[_nextPlace++];
            }

            Current = new PlacedCharacter(codePoint, place.Start, place.End);
            return true;
        }
    }
}
