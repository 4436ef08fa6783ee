using LoraOnnx.Model.Tokenization;
using LoraOnnx.Model.Tokenization.Unigram;

namespace LoraOnnx.Model.Tests.Tokenization;

/// <summary>Texts of which only stretches are normalized have the tokens, and the places, that they have when the whole is.</summary>
public sealed class UnigramStretchTests
{
    private const int Texts = 20_000;

    /// <summary>What the steps change, join, drop or split at, between words that they leave alone.</summary>
    private static readonly string[] _parts =
    [
        "the", "film", "was", "good", "Straße", "電影", "не", "xyzzyplughquux", "a", "1,000", "don't",
        " ", " ", " ", " ", " ", "  ", "   ", "\n", "\t", "\r\n", "\u3000", "\u00A0", "\u200B", "\u00AD", "\u0001", "\u0301", "é", "e\u0301",
        "\uFB01", "Ｆｕｌｌ", "…", "½", "㌀", "한", "\u1112\u1161\u11AB", "👍", "👍🏽", "👨‍👩‍👧", "▁", "<mask>", "<s>", "＜mask＞", "\uFDFA", "\uFFFD",
    ];

    public static TheoryData<string> Sets =>
        [.. Directory.GetDirectories(Golden.Path("families", "tokenizer")).Where(IsUnigram).Select(path => Path.GetFileName(path)).Order()];

    [Theory]
    [MemberData(nameof(Sets))]
    public void Stretches_give_what_the_whole_gives(string set)
    {
        var directory = Golden.Path("families", "tokenizer", set);
        var whole = Model(directory, byStretches: false);
        var byStretches = Model(directory, byStretches: true);
        var random = new Random(9);
        for (var count = 0; count < Texts; count++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 24)).Select(_ => _parts[random.Next(_parts.Length)]));

            Assert.True(Tokens(whole, text).SequenceEqual(Tokens(byStretches, text)),
                $"{set}: {string.Concat(text.Select(unit => unit is > ' ' and <= '~' ? $"{unit}" : $"\\u{(int)unit:X4}"))}\n"
                + $"{string.Join(' ', Tokens(whole, text))}\n{string.Join(' ', Tokens(byStretches, text))}");
        }
    }

    private static bool IsUnigram(string directory) => new TokenizerFiles(directory).Kind == TokenizerKind.Unigram;

    private static UnigramModel Model(string directory, bool byStretches)
    {
        var files = new TokenizerFiles(directory);
        return new UnigramModel(files, UnigramFiles.Of(files)) { ReadsByStretches = byStretches };
    }

    private static Token[] Tokens(UnigramModel model, string text)
    {
        using var sink = TokenSink.Rent(512);
        WholeText.Read(model, text, sink);
        return sink.Kept.ToArray();
    }
}
