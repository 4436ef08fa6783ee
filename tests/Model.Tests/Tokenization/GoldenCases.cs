using System.IO.Compression;
using System.Text.Json;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Model.Tests.Tokenization;

/// <summary>A file of texts with the ids and offsets that Hugging Face's tokenizers give; a tokenizer must reproduce every one.</summary>
internal static class GoldenCases
{
    /// <summary>The first cases that differ are shown.</summary>
    public static void Check(TextTokenizer tokenizer, string path)
    {
        var cases = Lines(path).Select(line => JsonSerializer.Deserialize<Case>(line)!).ToList(); // no line is null

        var wrong = cases.Select(golden => Compare(tokenizer, golden)).OfType<string>().ToList();

        TestContext.Current.TestOutputHelper?.WriteLine($"{path}: {cases.Count} cases, {wrong.Count} differ");
        Assert.NotEmpty(cases);
        Assert.True(wrong.Count == 0, $"{path}: {wrong.Count} of {cases.Count} cases differ, first:\n{string.Join('\n', wrong.Take(5))}");
    }

    private static IEnumerable<string> Lines(string path)
    {
        using var file = File.OpenRead(path);
        using var reader = new StreamReader(path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file);
        while (reader.ReadLine() is { } line)
        {
            yield return line;
        }
    }

    private static string? Compare(TextTokenizer tokenizer, Case golden)
    {
        var encoded = tokenizer.Encode(golden.text, golden.max_length, Truncation.Head);
        var (again, tokens) = tokenizer.EncodeWithOffsets(golden.text, golden.max_length, Truncation.Head);
        var offsets = TextOffsets.ToCodePoints(golden.text, tokens).Select(token => $"{token.Start}-{token.End}");
        var expected = golden.offsets.Select(offset => $"{offset[0]}-{offset[1]}");
        return !encoded.Ids.SequenceEqual(golden.ids) ? Difference("ids", golden.ids, encoded.Ids)
            : !again.Ids.SequenceEqual(golden.ids) ? Difference("ids with offsets", golden.ids, again.Ids)
            : !offsets.SequenceEqual(expected) ? Difference("offsets", expected, offsets)
            : null;

        string Difference<T>(string what, IEnumerable<T> wanted, IEnumerable<T> found) =>
            $"{JsonSerializer.Serialize(golden.text)} cut to {golden.max_length}: {what}\n"
            + $"  expected {string.Join(' ', wanted)}\n  found    {string.Join(' ', found)}";
    }

#pragma warning disable IDE1006, CA1812 // names of the JSON file, made by the serializer
    private sealed record Case(string text, int max_length, int[] ids, int[][] offsets);
#pragma warning restore IDE1006, CA1812
}
