using System.Text.Json;
using System.Text.Unicode;

namespace LoraOnnx.Files;

/// <summary>Parses JSON from files of strangers in memory that is bounded by the size of the file.</summary>
public static class BoundedJson
{
    /// <summary>
    /// A parsed document takes 12 bytes a token, and up to twice that while it grows. Descriptions of models have a token every 5 to 10 bytes;
    /// only a file made to fill the memory has one every other byte.
    /// </summary>
    private const int LeastBytesPerToken = 3;

    /// <summary>Small files may be as dense as they like.</summary>
    private const int FreeTokens = 1 << 16;

    /// <exception cref="JsonException">It is not UTF-8, not valid JSON, or has too many tokens for its size.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> utf8)
    {
        // The parser does not look into strings; wrong bytes would come to light wherever one is read.
        if (!Utf8.IsValid(utf8.Span))
        {
            throw new JsonException("it is not UTF-8.");
        }

        var tokens = 0;
        var reader = new Utf8JsonReader(utf8.Span);
        while (reader.Read())
        {
            tokens++;
        }

        return tokens <= Math.Max(FreeTokens, utf8.Length / LeastBytesPerToken) ? JsonDocument.Parse(utf8)
            : throw new JsonException($"{tokens} tokens in {utf8.Length} bytes are more than a description of a model has.");
    }
}
