using FsCheck.Xunit;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Model.Tokenization.BytePairs;

namespace LoraOnnx.Model.Tests.Properties;

/// <summary>What holds for every text, with every tokenizer that lies in the repository.</summary>
public sealed class TokenizerProperties
{
    private static readonly TextTokenizer _demo = TextTokenizer.Load(Golden.DemoModel);

    private static readonly TextTokenizer[] _all =
        [_demo, .. Directory.GetDirectories(Golden.Path("families", "tokenizer")).Order(StringComparer.Ordinal)
            .Select(directory => TextTokenizer.Load(directory))];

    [Property(MaxTest = 3000, Arbitrary = [typeof(AnyText)])]
    public void Ids_begin_and_end_with_the_special_tokens_and_stay_in_the_limit(string text, ushort limit, byte kept)
    {
        var most = 2 + (limit % 600);
        foreach (var tokenizer in _all)
        {
            var ids = tokenizer.Encode(text, most, (Truncation)(kept % 3)).Ids;

            Assert.InRange(ids.Length, 2, most);
            Assert.Equal((tokenizer.ClsTokenId, tokenizer.SepTokenId), (ids[0], ids[^1]));
            Assert.All(ids, id => Assert.InRange(id, 0, tokenizer.VocabularySize - 1));
        }
    }

    [Property(MaxTest = 2000, Arbitrary = [typeof(AnyText)])]
    public void Every_token_comes_from_a_place_in_the_text(string text)
    {
        foreach (var tokenizer in _all)
        {
            var (encoded, tokens) = tokenizer.EncodeWithOffsets(text, 512, Truncation.Head);

            Assert.Equal(encoded.Ids, tokens.Select(token => token.Id));
            Assert.All(tokens[1..^1], token => Assert.True(token.Start >= 0 && token.Start <= token.End && token.End <= text.Length, $"{token}"));
            Assert.All(tokens[1..^1], token => Assert.False(IsInsidePair(text, token.Start) || IsInsidePair(text, token.End), $"{token}"));
            Assert.Equal((0, 0, 0, 0), (tokens[0].Start, tokens[0].End, tokens[^1].Start, tokens[^1].End));
        }
    }

    [Property(MaxTest = 1000, Arbitrary = [typeof(AnyText)])]
    public void The_end_or_both_ends_are_those_of_the_whole(string text, byte limit)
    {
        var most = 2 + (limit % 30);
        foreach (var tokenizer in _all)
        {
            var whole = tokenizer.Encode(text, int.MaxValue, Truncation.Head).Ids[1..^1];
            var room = Math.Min(most - 2, whole.Length);
            var head = room == whole.Length ? room : Math.Min(most / 4, room);

            Assert.Equal(whole[^room..], tokenizer.Encode(text, most, Truncation.Tail).Ids[1..^1]);
            Assert.Equal([.. whole[..head], .. whole[^(room - head)..]], tokenizer.Encode(text, most, Truncation.HeadAndTail).Ids[1..^1]);
            Assert.Equal(whole.Length > most - 2, tokenizer.Encode(text, most, Truncation.Head).Truncated);
        }
    }

    [Property(MaxTest = 1000, Arbitrary = [typeof(AnyText)])]
    public void Every_word_of_WordPiece_begins_at_its_own_place(string text) =>
        Assert.All(_demo.EncodeWithOffsets(text, 512, Truncation.Head).Tokens[1..^1], token => Assert.True(token.Start < token.End, $"{token}"));

    [Property(MaxTest = 1000, Arbitrary = [typeof(AnyText)])]
    public void Ids_of_two_texts_with_a_blank_between_are_those_of_each(string first, string second)
    {
        var joined = _demo.Encode($"{first} \n {second}", int.MaxValue, Truncation.Head).Ids;

        Assert.Equal([.. _demo.Encode(first, int.MaxValue, Truncation.Head).Ids[..^1], .. _demo.Encode(second, int.MaxValue, Truncation.Head)
            .Ids[1..]], joined);
    }

    [Property(MaxTest = 1000)]
    public void Pairs_are_merged_alike_in_short_words_and_in_long_ones(byte[] bytes, byte seed)
    {
        // Six letters, and merges of any two pieces known so far: many overlap.
        var random = new Random(seed);
        var merges = Enumerable.Range(6, 24).Select(result => (random.Next(result), random.Next(result), result))
            .DistinctBy(merge => (merge.Item1, merge.Item2)).ToList();
        var table = new MergeTable(merges);
        int[] ids = [.. bytes.Take(PairMerger.ShortWord).Select(value => value % 6)];
        var (shortIds, longIds) = (ids.ToArray(), ids.ToArray());
        int[] shortEnds = [.. Enumerable.Range(1, ids.Length)];
        int[] longEnds = [.. shortEnds];

        var (shortCount, longCount) = (PairMerger.MergeShort(table, shortIds, shortEnds), PairMerger.MergeLong(table, longIds, longEnds));

        Assert.Equal(shortIds[..shortCount], longIds[..longCount]);
        Assert.Equal(shortEnds[..shortCount], longEnds[..longCount]);
    }

    private static bool IsInsidePair(string text, int index) => index > 0 && index < text.Length
        && char.IsSurrogatePair(text[index - 1], text[index]);
}
