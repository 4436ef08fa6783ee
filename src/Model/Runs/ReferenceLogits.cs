using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace LoraOnnx.Model.Runs;

/// <summary>reference-logits.json of a run: what the trained model says of the reference texts before anything is merged.</summary>
public static class ReferenceLogits
{
    /// <summary>The file's name in a run directory.</summary>
    public const string FileName = "reference-logits.json";

    /// <summary>Writes the logits [texts][labels] of <paramref name="texts"/>, atomically.</summary>
    /// <exception cref="InputException">The directory cannot be written.</exception>
    public static void Write(string runDirectory, IReadOnlyList<string> texts, IReadOnlyList<float[]> logits)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentOutOfRangeException.ThrowIfNotEqual(logits.Count, texts.Count);
        AtomicFile.Write(Path.Combine(runDirectory, FileName), stream =>
        {
            using var json = new Utf8JsonWriter(stream);
            json.WriteStartObject();
            json.WriteString("texts_sha256", Hash(texts));
            json.WriteStartArray("logits");
            foreach (var row in logits)
            {
                json.WriteStartArray();
                foreach (var logit in row)
                {
                    json.WriteNumberValue(logit);
                }

                json.WriteEndArray();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    /// <summary>Reads the logits, or null when there is no such file or it is about other texts (another version's).</summary>
    /// <exception cref="InputException">The file is malformed.</exception>
    public static IReadOnlyList<float[]>? Read(string runDirectory, IReadOnlyList<string> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        var path = Path.Combine(runDirectory, FileName);
        if (!File.Exists(path))
        {
            return null;
        }

        var fields = JsonFields.Load(path);
        if (fields.Text("texts_sha256") != Hash(texts))
        {
            return null;
        }

        try
        {
            var logits = fields.Find("logits")?.Deserialize(RunJson.Default.SingleArrayArray);
            return logits is not null && logits.Length == texts.Count && logits.All(row => row is { Length: > 0 } && row.Length == logits[0].Length)
                ? logits
                : throw InputException.InFile(path, $"'logits' has {logits?.Length ?? 0} rows, expected {texts.Count} of one length.", _hint);
        }
        catch (JsonException failure)
        {
            throw InputException.InFile(path, $"'logits' is not a list of rows of numbers: {failure.Message}", _hint, failure);
        }
    }

    private const string _hint = "remove the file: lora-merge then computes the reference itself.";

    private static string Hash(IReadOnlyList<string> texts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var text in texts)
        {
            // UTF-16 units as they are: reference texts may hold lone surrogates, which UTF-8 would all turn into one character.
            hash.AppendData(Encoding.ASCII.GetBytes($"{text.Length}:"));
            hash.AppendData(System.Runtime.InteropServices.MemoryMarshal.AsBytes(text.AsSpan()));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
