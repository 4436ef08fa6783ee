using LoraOnnx.Model.Tokenization.Unicode;

namespace LoraOnnx.Model.Tokenization.WordPiece;

/// <summary>What becomes of a character.</summary>
internal enum CharacterFate : byte
{
    /// <summary>One character joins the word.</summary>
    Append,

    /// <summary>Removed before anything else looks at it.</summary>
    Drop,

    /// <summary>A word ends here.</summary>
    Break,

    /// <summary>One character that is a word of its own.</summary>
    Isolate,

    /// <summary>Several code points, a combining mark, or a surrogate: the slow path decides.</summary>
    Complex,
}

/// <summary>The normalizer's answer for each UTF-16 unit, worked out once: most text then needs one look-up a character.</summary>
internal sealed class CharacterPlan
{
    private const int ReplacementCharacter = 0xFFFD;

    private readonly UnicodeTables _unicode = UnicodeTables.Instance;
    private readonly uint[] _plans = new uint[1 << 16];

    public CharacterPlan(NormalizerOptions options)
    {
        Options = options;
        for (var unit = 0; unit < _plans.Length; unit++)
        {
            var (fate, result) = char.IsSurrogate((char)unit) ? (CharacterFate.Complex, 0) : Decide(unit);
            _plans[unit] = ((uint)fate << 16) | (uint)result;
        }
    }

    public NormalizerOptions Options { get; }

    /// <summary>The fate of a UTF-16 unit, and the character that it becomes.</summary>
    public CharacterFate Look(char unit, out char result)
    {
        var plan = _plans[unit];
        result = (char)plan;
        return (CharacterFate)(plan >> 16);
    }

    /// <summary>Removed by the first step, which also removes the replacement character and, with it, lone surrogates.</summary>
    public bool IsDropped(int codePoint) => Options.CleanText
        && (codePoint == ReplacementCharacter || (_unicode.Is(codePoint, CharacterTraits.Control) && codePoint is not ('\t' or '\n' or '\r')));

    public bool IsSplit(int codePoint) => Options.SplitChinese && codePoint is
        (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x2A6DF) or (>= 0x2A700 and <= 0x2B73F)
        or (>= 0x2B740 and <= 0x2B81F) or (>= 0x2B920 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);

    private (CharacterFate Fate, int Result) Decide(int codePoint)
    {
        if (IsDropped(codePoint))
        {
            return (CharacterFate.Drop, 0);
        }

        if (_unicode.Is(codePoint, CharacterTraits.Space))
        {
            return (CharacterFate.Break, 0);
        }

        var result = codePoint;
        if (Options.StripAccents && !TryStrip(codePoint, out result))
        {
            return (CharacterFate.Complex, 0);
        }

        if (Options.Lowercase)
        {
            if (_unicode.LowerToMany(result) is not null)
            {
                return (CharacterFate.Complex, 0);
            }

            result = _unicode.ToLower(result);
        }

        var traits = _unicode.Traits(result);
        return result > char.MaxValue || (traits & CharacterTraits.Space) != 0 ? (CharacterFate.Complex, 0)
            : IsSplit(codePoint) || (traits & CharacterTraits.Punctuation) != 0 ? (CharacterFate.Isolate, result)
            : (CharacterFate.Append, result);
    }

    /// <summary>True for a character that is, or decomposes to, one starter and marks that go away.</summary>
    private bool TryStrip(int codePoint, out int starter)
    {
        Span<int> parts = stackalloc int[4];
        var count = _unicode.Decompose(codePoint, parts);
        starter = parts[0];
        if (_unicode.CombiningClass(starter) != 0 || _unicode.Is(starter, CharacterTraits.Mark))
        {
            return false;
        }

        foreach (var part in parts[1..count])
        {
            if (!_unicode.Is(part, CharacterTraits.Mark))
            {
                return false;
            }
        }

        return true;
    }
}
