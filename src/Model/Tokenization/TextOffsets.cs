using System.Text;

namespace LoraOnnx.Model.Tokenization;

/// <summary>Turns offsets in UTF-16 units (.NET, JavaScript) into those of other languages.</summary>
public static class TextOffsets
{
    /// <summary>Offsets in Unicode code points, as Python and Hugging Face count; a lone surrogate counts as one.</summary>
    public static Token[] ToCodePoints(string text, IReadOnlyList<Token> tokens) => Convert(text, tokens, _ => 1);

    /// <summary>Offsets in UTF-8 bytes, as Go and Rust count; a lone surrogate counts as the three bytes of U+FFFD.</summary>
    public static Token[] ToUtf8Bytes(string text, IReadOnlyList<Token> tokens) => Convert(text, tokens, rune => rune.Utf8SequenceLength);

    private static Token[] Convert(string text, IReadOnlyList<Token> tokens, Func<Rune, int> width)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(tokens);
        var places = new int[text.Length + 1];
        var place = 0;
        for (var index = 0; index < text.Length;)
        {
            Rune.DecodeFromUtf16(text.AsSpan(index), out var rune, out var units);
            places.AsSpan(index, units).Fill(place);
            place += width(rune);
            index += units;
        }

        places[text.Length] = place;
        return [.. tokens.Select(token => new Token(token.Id, places[token.Start], places[token.End]))];
    }
}
