using System.Globalization;

namespace LoraOnnx.Model.Tokenization.Unicode;

/// <summary>What the tokenizer asks of a code point; the content of <c>unicode-tables.txt</c>, which says where it comes from.</summary>
/// <remarks>
/// .NET's own data cannot be used: it is of a newer Unicode version than Hugging Face's, and string.Normalize needs ICU, which
/// InvariantGlobalization leaves out.
/// </remarks>
internal sealed class UnicodeTables
{
    private const int HangulBase = 0xAC00;
    private const int HangulCount = 11172;
    private const int LeadBase = 0x1100;
    private const int VowelBase = 0x1161;
    private const int TrailBase = 0x11A7;
    private const int VowelCount = 21;
    private const int TrailCount = 28;

    private readonly PagedTable<CharacterTraits> _traits = new();
    private readonly PagedTable<byte> _classes = new();
    private readonly PagedTable<int> _lowerDeltas = new();
    private readonly Dictionary<int, int[]> _decompositions = [];
    private readonly Dictionary<int, int[]> _lowerToMany = [];

    private UnicodeTables()
    {
        using var stream = typeof(UnicodeTables).Assembly.GetManifestResourceStream("unicode-tables.txt")!; // embedded by the project file
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            if (!line.StartsWith('#'))
            {
                Read(line.Split(' '));
            }
        }
    }

    /// <summary>Read once, when first asked for.</summary>
    public static UnicodeTables Instance { get; } = new();

    public CharacterTraits Traits(int codePoint) => _traits[codePoint];

    public bool Is(int codePoint, CharacterTraits trait) => (_traits[codePoint] & trait) != 0;

    /// <summary>Canonical combining class; 0 for a starter.</summary>
    public int CombiningClass(int codePoint) => _classes[codePoint];

    /// <summary>The lower case in one code point; <see cref="LowerToMany"/> comes first.</summary>
    public int ToLower(int codePoint) => codePoint + _lowerDeltas[codePoint];

    /// <summary>The lower case where it takes several code points (only U+0130), else null.</summary>
    public int[]? LowerToMany(int codePoint) => _lowerToMany.GetValueOrDefault(codePoint);

    /// <summary>The full canonical decomposition, at most 4 code points; the code point itself where it has none.</summary>
    public int Decompose(int codePoint, Span<int> parts)
    {
        if ((uint)(codePoint - HangulBase) < HangulCount)
        {
            var index = codePoint - HangulBase;
            parts[0] = LeadBase + index / (VowelCount * TrailCount);
            parts[1] = VowelBase + index % (VowelCount * TrailCount) / TrailCount;
            parts[2] = TrailBase + index % TrailCount;
            return parts[2] == TrailBase ? 2 : 3;
        }

        if (!_decompositions.TryGetValue(codePoint, out var found))
        {
            parts[0] = codePoint;
            return 1;
        }

        found.CopyTo(parts);
        return found.Length;
    }

    private void Read(string[] fields)
    {
        switch (fields[0])
        {
            case "class":
                _classes.Fill(Range(fields[2]), byte.Parse(fields[1], CultureInfo.InvariantCulture));
                break;
            case "decomposed":
                _decompositions[Hexadecimal(fields[1])] = [.. fields[2..].Select(Hexadecimal)];
                break;
            case "lower":
                var (first, last) = Range(fields[1]);
                var step = int.Parse(fields[2], CultureInfo.InvariantCulture);
                var delta = int.Parse(fields[3], CultureInfo.InvariantCulture);
                for (var codePoint = first; codePoint <= last; codePoint += step)
                {
                    _lowerDeltas[codePoint] = delta;
                }

                break;
            case "lower-to-many":
                _lowerToMany[Hexadecimal(fields[1])] = [.. fields[2..].Select(Hexadecimal)];
                break;
            default:
                var trait = Enum.Parse<CharacterTraits>(fields[0], ignoreCase: true);
                var (from, to) = Range(fields[1]);
                for (var codePoint = from; codePoint <= to; codePoint++)
                {
                    _traits[codePoint] |= trait;
                }

                break;
        }
    }

    private static (int First, int Last) Range(string text)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        return dash < 0 ? (Hexadecimal(text), Hexadecimal(text)) : (Hexadecimal(text[..dash]), Hexadecimal(text[(dash + 1)..]));
    }

    private static int Hexadecimal(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
