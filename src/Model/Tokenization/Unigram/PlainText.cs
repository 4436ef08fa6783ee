using LoraOnnx.Model.Tokenization.Unicode;

namespace LoraOnnx.Model.Tokenization.Unigram;

/// <summary>Tells the stretches of a text that normalization may change from those that it leaves alone: nearly all of nearly all texts.</summary>
/// <remarks>A plain stretch has words and single blanks between them; places in it are places of the text, so that nothing is copied.</remarks>
internal sealed class PlainText
{
    private readonly bool[] _plain = new bool[1 << 16];
    private readonly bool _isAsciiPlain;

    public PlainText(IReadOnlyList<INormalizerStep> steps, char mark)
    {
        for (var unit = 0; unit < _plain.Length; unit++)
        {
            _plain[unit] = (unit == ' ' || !UnicodeTables.Instance.Is((char)unit, CharacterTraits.Space)) && unit != mark
                && !char.IsSurrogate((char)unit) && steps.All(step => step.LeavesAlone((char)unit));
        }

        _isAsciiPlain = _plain.AsSpan(' '..('~' + 1)).IndexOf(false) < 0;
    }

    public bool Is(char unit) => _plain[unit];

    /// <summary>
    /// The next stretch that may change, from a position on: the beginning of the text, or where a stretch before ended. It begins and ends with a
    /// plain word, beside a blank that is not in it, or at an end of the text.
    /// </summary>
    /// <param name="text">Not empty.</param>
    /// <param name="position">Where to look.</param>
    /// <param name="doubled">Keeps the place of the next two blanks in a row; -1 at first.</param>
    /// <returns>The text's length twice where all of it is plain.</returns>
    public (int From, int To) Next(ReadOnlySpan<char> text, int position, ref int doubled)
    {
        var from = FirstChange(text, position, ref doubled);
        if (from == text.Length)
        {
            return (from, from);
        }

        var to = from + 1;
        while (from > position && !(text[from - 1] == ' ' && IsOfWord(text[from])))
        {
            from--;
        }

        while (to < text.Length && !(text[to] == ' ' && IsOfWord(text[to - 1]) && to + 1 < text.Length && IsOfWord(text[to + 1])))
        {
            to++;
        }

        return (from, to);
    }

    private bool IsOfWord(char unit) => unit != ' ' && _plain[unit];

    private int FirstChange(ReadOnlySpan<char> text, int position, ref int doubled)
    {
        if (position == 0 && text[0] == ' ')
        {
            return 0;
        }

        var rest = text[position..];
        var first = _isAsciiPlain ? rest.IndexOfAnyExceptInRange(' ', '~') : 0;
        first = first < 0 ? rest.Length : first;
        while (first < rest.Length && _plain[rest[first]])
        {
            first++;
        }

        if (doubled < position)
        {
            doubled = rest.IndexOf("  ") is >= 0 and var next ? position + next + 1 : text.Length;
        }

        var last = text[^1] == ' ' ? text.Length - 1 : text.Length;
        return Math.Min(position + first, Math.Min(doubled, last));
    }
}
