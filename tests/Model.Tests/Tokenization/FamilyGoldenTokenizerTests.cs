using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Model.Tests.Tokenization;

/// <summary>Tokenizers of other families, whatever lies under tests/golden/families.</summary>
public sealed class FamilyGoldenTokenizerTests
{
    public static TheoryData<string> Sets =>
        [.. Directory.GetDirectories(Golden.Path("families", "tokenizer")).Select(path => Path.GetFileName(path)).Order()];

    public static TheoryData<string> SetsWithoutJson =>
        [.. Directory.GetDirectories(Golden.Path("families", "tokenizer")).Where(path => !File.Exists(Path.Combine(path, "tokenizer.json")))
            .Select(path => Path.GetFileName(path)).Order()];

    public static TheoryData<string> Models =>
        [.. Directory.GetDirectories(Golden.Path("families")).Where(path => Directory.Exists(Path.Combine(path, "model")))
            .Select(path => Path.GetFileName(path)).Order()];

    [Theory]
    [MemberData(nameof(Sets))]
    public void Ids_and_offsets_of_every_case_equal_those_of_Hugging_Face(string set)
    {
        var directory = Golden.Path("families", "tokenizer", set);
        var cases = Directory.GetFiles(directory, "cases.jsonl*").Single();

        GoldenCases.Check(TextTokenizer.Load(directory), cases);
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(SetsWithoutJson))]
    public void A_tokenizer_json_that_is_made_gives_the_same_ids_and_offsets(string set)
    {
        var directory = Golden.Path("families", "tokenizer", set);
        using var folder = new TemporaryFolder();
        CopyOptions(directory, folder.Path);

        TokenizerJson.Write(directory, Path.Combine(folder.Path, "tokenizer.json"));

        var made = TextTokenizer.Load(folder.Path);
        Assert.Equal(TextTokenizer.Load(directory).ContentHash, made.ContentHash);
        GoldenCases.Check(made, Directory.GetFiles(directory, "cases.jsonl*").Single());
    }

    /// <summary>The arrays of a text are those of the text before.</summary>
    [Theory]
    [MemberData(nameof(Sets))]
    public void Reading_a_text_again_into_the_same_array_allocates_nothing(string set)
    {
        var tokenizer = TextTokenizer.Load(Golden.Path("families", "tokenizer", set));
        string[] texts =
            ["A slow start, but wonderful.", "", $"https://{new string('x', 500)}/a/b?c=d", "caf\u00e9, e\u0301tude \ud83d\ude00, \ud800 alone"];
        int[] ids = [];
        var least = long.MaxValue;
        var end = Environment.TickCount64 + 30_000;
        while (least > 0 && Environment.TickCount64 < end) // code that is not yet optimized boxes
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            foreach (var text in texts)
            {
                tokenizer.Encode(text, 128, Truncation.Head, ref ids, out _);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
        foreach (var text in texts)
        {
            var expected = tokenizer.Encode(text, 128, Truncation.Head);
            var count = tokenizer.Encode(text, 128, Truncation.Head, ref ids, out var total);
            Assert.Equal(expected.Ids, ids[..count]);
            Assert.Equal(expected.TotalTokens, total);
        }
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Models))]
    public void Every_model_gets_a_tokenizer_json_that_is_its_tokenizer(string model)
    {
        var directory = Golden.Path("families", model, "model");
        using var folder = new TemporaryFolder();
        CopyOptions(directory, folder.Path);

        TokenizerJson.Write(directory, Path.Combine(folder.Path, "tokenizer.json"));

        Assert.Equal(TextTokenizer.Load(directory).ContentHash, TextTokenizer.Load(folder.Path).ContentHash);
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Models))]
    public void Every_model_has_a_tokenizer_that_its_embedding_fits(string model)
    {
        var directory = Golden.Path("families", model, "model");
        var rows = JsonFields.Load(Path.Combine(directory, "config.json")).Integer("vocab_size", 0, 1);

        Assert.InRange(TextTokenizer.Load(directory, rows).Encode("A film.", 512, Truncation.Head).Ids.Length, 4, 10);
    }

    /// <summary>Not every tokenizer has the file.</summary>
    private static void CopyOptions(string from, string to)
    {
        const string Options = "tokenizer_config.json";
        if (File.Exists(Path.Combine(from, Options)))
        {
            File.Copy(Path.Combine(from, Options), Path.Combine(to, Options));
        }
    }
}
