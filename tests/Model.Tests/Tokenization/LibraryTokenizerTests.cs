using System.Text.RegularExpressions;
using LoraOnnx.Model.Tokenization;
using Microsoft.ML.Tokenizers;

namespace LoraOnnx.Model.Tests.Tokenization;

/// <summary>Why byte pairs and Unigram are ours: docs/decisions/0011. Fails when the library's could be taken.</summary>
public sealed partial class LibraryTokenizerTests
{
    private static readonly string _sets = Golden.Path("families", "tokenizer");

    [Fact]
    public void Byte_pairs_of_the_library_have_other_places_than_those_of_Hugging_Face()
    {
        var set = Sets("vocab.json").First();
        var ours = TextTokenizer.Load(set);
        var special = new Dictionary<string,
            int>
        { [ours.TokenText(ours.ClsTokenId)] = ours.ClsTokenId, [ours.TokenText(ours.SepTokenId)] = ours.SepTokenId };
        var theirs = BpeTokenizer.Create(new BpeOptions(Path.Combine(set, "vocab.json"), Path.Combine(set, "merges.txt"))
        {
            ByteLevel = true,
            SpecialTokens = special,
            PreTokenizer = new RegexPreTokenizer(Words(), special),
        });

        Assert.NotEqual(Places(ours.EncodeWithOffsets("Hello world", 100, Truncation.Head).Tokens[1..^1]),
            Places(theirs.EncodeToTokens("Hello world", out _)));
    }

    [Fact]
    public void Unigram_of_the_library_makes_a_token_of_each_unknown_character()
    {
        var set = Sets("sentencepiece.bpe.model").First();
        using var file = File.OpenRead(Path.Combine(set, "sentencepiece.bpe.model"));
        var theirs = SentencePieceTokenizer.Create(file, addBeginningOfSentence: false, addEndOfSentence: false);

        var expected = TextTokenizer.Load(set).Encode("\U00010400\U00010428", 100, Truncation.Head).Ids[1..^1];

        Assert.Equal(2, expected.Length); // the mark and one unknown token, as Hugging Face has it
        Assert.Equal(3, theirs.EncodeToIds("\U00010400\U00010428").Count);
    }

    private static IEnumerable<string> Sets(string with) => Directory.GetDirectories(_sets).Where(set => File.Exists(Path.Combine(set, with)))
        .Order(StringComparer.Ordinal);

    private static IEnumerable<(int, int)> Places(IEnumerable<Token> tokens) => tokens.Select(token => (token.Start, token.End));

    private static IEnumerable<(int, int)> Places(IEnumerable<EncodedToken> tokens) =>
        tokens.Select(token => (token.Offset.Start.Value, token.Offset.End.Value));

    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")]
    private static partial Regex Words();
}
