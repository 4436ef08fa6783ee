namespace LoraOnnx.Model.Tokenization.BytePairs;

/// <summary>GPT-2's alphabet: a visible character for each byte, in which vocabularies and merges are written.</summary>
internal static class ByteAlphabet
{
    /// <summary>The character of a blank: Ġ.</summary>
    public const char Blank = '\u0120';

    private static readonly char[] _characters = Characters();
    private static readonly Dictionary<char, byte> _bytes = Enumerable.Range(0, 256).ToDictionary(value => _characters[value], value => (byte)value);

    public static char Of(byte value) => _characters[value];

    /// <summary>The bytes of an entry, or null where it has a character that stands for none.</summary>
    public static byte[]? Bytes(string piece)
    {
        var bytes = new byte[piece.Length];
        for (var index = 0; index < bytes.Length; index++)
        {
            if (!_bytes.TryGetValue(piece[index], out bytes[index]))
            {
                return null;
            }
        }

        return bytes;
    }

    private static char[] Characters()
    {
        var characters = new char[256];
        var next = 256; // bytes without a visible character of their own get the next one from U+0100 on
        for (var value = 0; value < 256; value++)
        {
            characters[value] = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE ? (char)value : (char)next++;
        }

        return characters;
    }
}
