using System.Text.Json;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Model.Tests.Tokenization;

/// <summary>One set of golden cases and the tokenizer that must reproduce it.</summary>
internal sealed class GoldenTokenizer : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("lora-onnx-").FullName;
    private readonly string _set;

    public GoldenTokenizer(string set, string vocabularyOf)
    {
        _set = set;
        File.Copy(Path.Combine(GoldenDirectory, set, "tokenizer_config.json"), Path.Combine(_directory, "tokenizer_config.json"));
        File.Copy(vocabularyOf == "demo" ? Path.Combine(DemoDirectory, "vocab.txt") : Path.Combine(GoldenDirectory, vocabularyOf, "vocab.txt"),
            Path.Combine(_directory, "vocab.txt"));
        Tokenizer = TextTokenizer.Load(_directory);
    }

    public static string DemoDirectory { get; } = Path.Combine(RepositoryRoot(), "models", "demo");

    public TextTokenizer Tokenizer { get; }

    private static string GoldenDirectory => Path.Combine(RepositoryRoot(), "tests", "Model.Tests", "golden", "tokenizer");

    /// <summary>Every case must give these ids and these offsets; the first cases that differ are shown.</summary>
    public void Check()
    {
        var cases = File.ReadAllLines(Path.Combine(GoldenDirectory, _set, "cases.jsonl")).Select(line => JsonSerializer.Deserialize<Case>(line)!).ToList();

        var wrong = cases.Select(Compare).OfType<string>().ToList();

        TestContext.Current.TestOutputHelper?.WriteLine($"{_set}: {cases.Count} cases, {wrong.Count} differ");
        Assert.NotEmpty(cases);
        Assert.True(wrong.Count == 0, $"{_set}: {wrong.Count} of {cases.Count} cases differ, first:\n{string.Join('\n', wrong.Take(5))}");
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private string? Compare(Case golden)
    {
        var encoded = Tokenizer.Encode(golden.text, golden.max_length, Truncation.Head);
        var (again, tokens) = Tokenizer.EncodeWithOffsets(golden.text, golden.max_length, Truncation.Head);
        var offsets = TextOffsets.ToCodePoints(golden.text, tokens).Select(token => $"{token.Start}-{token.End}");
        var expected = golden.offsets.Select(offset => $"{offset[0]}-{offset[1]}");
        return !encoded.Ids.SequenceEqual(golden.ids) ? Difference("ids", golden.ids, encoded.Ids)
            : !again.Ids.SequenceEqual(golden.ids) ? Difference("ids with offsets", golden.ids, again.Ids)
            : !offsets.SequenceEqual(expected) ? Difference("offsets", expected, offsets)
            : null;

        string Difference<T>(string what, IEnumerable<T> wanted, IEnumerable<T> found) =>
            $"{JsonSerializer.Serialize(golden.text)} cut to {golden.max_length}: {what}\n  expected {string.Join(' ', wanted)}\n  found    {string.Join(' ', found)}";
    }

    private static string RepositoryRoot()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "LoraOnnx.sln")))
        {
            directory = Path.GetDirectoryName(directory) ?? throw new DirectoryNotFoundException("LoraOnnx.sln is in no parent folder.");
        }

        return directory;
    }

#pragma warning disable IDE1006, CA1812 // names of the JSON file, made by the serializer
    private sealed record Case(string text, int max_length, int[] ids, int[][] offsets);
#pragma warning restore IDE1006, CA1812
}
