using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Model.Tests.Tokenization;

/// <summary>Tokenizers of other families, whatever lies under tests/golden/families.</summary>
public sealed class FamilyGoldenTokenizerTests
{
    public static TheoryData<string> Sets =>
        [.. Directory.GetDirectories(Golden.Path("families", "tokenizer")).Select(path => Path.GetFileName(path)).Order()];

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
    [MemberData(nameof(Models))]
    public void Every_model_has_a_tokenizer_that_its_embedding_fits(string model)
    {
        var directory = Golden.Path("families", model, "model");
        var rows = JsonFields.Load(Path.Combine(directory, "config.json")).Integer("vocab_size", 0, 1);

        Assert.InRange(TextTokenizer.Load(directory, rows).Encode("A film.", 512, Truncation.Head).Ids.Length, 4, 10);
    }
}
