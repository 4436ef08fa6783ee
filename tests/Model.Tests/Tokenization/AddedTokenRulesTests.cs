using System.Text.Json;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Model.Tests.Tokenization;

/// <summary>Added tokens with single_word, lstrip and rstrip: ids and offsets of Hugging Face's tokenizers, see added-tokens/README.md.</summary>
public sealed class AddedTokenRulesTests
{
    private const string Vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\nx\n##a\n##b\n##x\n.\n_\n";

    private const string Config = """
        {"added_tokens_decoder": {
            "13": {"content": "<l>", "lstrip": true, "normalized": false},
            "14": {"content": "<r>", "rstrip": true, "normalized": false},
            "15": {"content": "<w>", "single_word": true, "normalized": false},
            "16": {"content": "X", "single_word": true, "lstrip": true, "rstrip": true, "normalized": false},
            "17": {"content": "X X", "normalized": false}}}
        """;

    [Fact]
    public void They_are_found_where_Hugging_Face_finds_them_and_take_the_white_space_that_it_takes()
    {
        using var folder = new TokenizerFolder(Config, Vocabulary);
        var tokenizer = folder.Load();

        foreach (var line in File.ReadLines(Repository.Path("tests", "Model.Tests", "Tokenization", "added-tokens", "cases.jsonl")))
        {
            using var json = JsonDocument.Parse(line);
            var text = json.RootElement.GetProperty("text").GetString()!;
            var expected = json.RootElement.GetProperty("ids").EnumerateArray().Zip(json.RootElement.GetProperty("offsets").EnumerateArray())
                .Select(token => $"{token.First} {token.Second}");

            var tokens = TextOffsets.ToCodePoints(text, tokenizer.EncodeWithOffsets(text, 100, Truncation.Head).Tokens);

            Assert.True(expected.SequenceEqual(tokens[1..^1].Select(token => $"{token.Id} [{token.Start},{token.End}]")), line);
        }
    }

    [Fact]
    public void The_rules_are_part_of_the_hash_of_the_tokenizer()
    {
        using var folder = new TokenizerFolder(Config, Vocabulary);
        using var other = new TokenizerFolder(Config.Replace("lstrip", "rstrip", StringComparison.Ordinal), Vocabulary);

        Assert.NotEqual(folder.Load().ContentHash, other.Load().ContentHash);
    }
}
