using FsCheck.Xunit;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Model.Tests.Properties;

/// <summary>What holds for every text.</summary>
public sealed class TokenizerProperties
{
    private static readonly TextTokenizer _demo = TextTokenizer.Load(Golden.DemoModel);

    [Property(MaxTest = 3000, Arbitrary = [typeof(AnyText)])]
    public void Ids_begin_with_CLS_end_with_SEP_and_stay_in_the_limit(string text, ushort limit, byte kept)
    {
        var most = 2 + (limit % 600);

        var ids = _demo.Encode(text, most, (Truncation)(kept % 3)).Ids;

        Assert.InRange(ids.Length, 2, most);
        Assert.Equal((_demo.ClsTokenId, _demo.SepTokenId), (ids[0], ids[^1]));
        Assert.All(ids, id => Assert.InRange(id, 0, _demo.VocabularySize - 1));
    }

    [Property(MaxTest = 2000, Arbitrary = [typeof(AnyText)])]
    public void Every_token_comes_from_a_place_in_the_text(string text)
    {
        var (encoded, tokens) = _demo.EncodeWithOffsets(text, 512, Truncation.Head);

        Assert.Equal(encoded.Ids, tokens.Select(token => token.Id));
        Assert.All(tokens[1..^1], token => Assert.True(token.Start >= 0 && token.Start < token.End && token.End <= text.Length, $"{token}"));
        Assert.Equal((0, 0, 0, 0), (tokens[0].Start, tokens[0].End, tokens[^1].Start, tokens[^1].End));
    }

    [Property(MaxTest = 1000, Arbitrary = [typeof(AnyText)])]
    public void Ids_of_two_texts_with_a_blank_between_are_those_of_each(string first, string second)
    {
        var joined = _demo.Encode($"{first} \n {second}", int.MaxValue, Truncation.Head).Ids;

        Assert.Equal([.. _demo.Encode(first, int.MaxValue, Truncation.Head).Ids[..^1], .. _demo.Encode(second, int.MaxValue, Truncation.Head).Ids[1..]], joined);
    }
}
