using System.Buffers;
using LoraOnnx.Model.Tokenization;
using Tokenizer = Microsoft.ML.Tokenizers.Tokenizer;

namespace LoraOnnx.Model.Tests.Tokenization;

/// <summary>The tokenizer beyond the golden cases: every cut, halves of surrogate pairs, and what users of the base class expect.</summary>
public sealed class TextTokenizerTests
{
    private const string Text = "A déjà-vu of 中文 films 😀, [SEP] and e\u0301te\u0323\u0301 – unforgettably long, isn't it?";

    private static readonly TextTokenizer _demo = TextTokenizer.Load(Golden.DemoModel);
    private static readonly Tokenizer _base = _demo;

    [Theory]
    [InlineData(Text)]
    [InlineData("")]
    [InlineData("   \n")]
    public void Every_cut_is_the_beginning_of_the_whole_with_SEP_at_its_end(string text)
    {
        var (whole, places) = _demo.EncodeWithOffsets(text, int.MaxValue, Truncation.Head);
        for (var limit = 2; limit <= whole.Ids.Length + 2; limit++)
        {
            var (cut, tokens) = _demo.EncodeWithOffsets(text, limit, Truncation.Head);

            var kept = Math.Min(limit, whole.Ids.Length) - 1;
            Assert.Equal([.. whole.Ids[..kept], whole.Ids[^1]], cut.Ids);
            Assert.Equal([.. places[..kept], places[^1]], tokens);
            Assert.Equal(cut.Ids, _demo.Encode(text, limit, Truncation.Head).Ids);
            Assert.Equal((whole.Ids.Length, limit < whole.Ids.Length), (cut.TotalTokens, cut.Truncated));
        }
    }

    [Fact]
    public void The_end_or_both_ends_may_be_kept()
    {
        var whole = _demo.Encode(Text, int.MaxValue, Truncation.Head).Ids;

        Assert.Equal([whole[0], .. whole[^7..]], _demo.Encode(Text, 8, Truncation.Tail).Ids);
        Assert.Equal([.. whole[..3], .. whole[^5..]], _demo.Encode(Text, 8, Truncation.HeadAndTail).Ids);
    }

    [Theory]
    [InlineData("film{0}s", "films")]
    [InlineData("{1}film", "film")]
    [InlineData("film {1}{0}", "film ")]
    public void Lone_surrogates_are_removed_like_control_characters(string pattern, string clean)
    {
        var text = string.Format(null, pattern, '\ud83d', '\ude00'); // strings of an attribute cannot hold them

        Assert.Equal(_demo.Encode(clean, 100, Truncation.Head).Ids, _demo.Encode(text, 100, Truncation.Head).Ids);
    }

    [Fact]
    public void A_limit_below_the_two_special_tokens_is_an_error()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _demo.Encode(Text, 1, Truncation.Head));
        Assert.Throws<ArgumentOutOfRangeException>(() => _base.EncodeToIds(Text, 1, out _, out _));
    }

    [Fact]
    public void Offsets_count_UTF_16_units_and_convert()
    {
        const string Emoji = "😀 film";
        var (_, tokens) = _demo.EncodeWithOffsets(Emoji, 100, Truncation.Head);

        Assert.Equal((3, 7), (tokens[2].Start, tokens[2].End));
        Assert.Equal("film", Emoji[tokens[2].Start..tokens[2].End]);
        Assert.Equal((2, 6), Place(TextOffsets.ToCodePoints(Emoji, tokens)[2]));
        Assert.Equal((5, 9), Place(TextOffsets.ToUtf8Bytes(Emoji, tokens)[2]));

        static (int, int) Place(Token token) => (token.Start, token.End);
    }

    [Fact]
    public void Through_the_base_class_the_ids_are_the_same()
    {
        var ids = _demo.Encode(Text, int.MaxValue, Truncation.Head).Ids;

        Assert.Equal(ids, _base.EncodeToIds(Text));
        Assert.Equal(ids, _base.EncodeToIds(Text.AsSpan(), considerPreTokenization: false, considerNormalization: false));
        Assert.Equal(ids.Length, _base.CountTokens(Text));
        Assert.Equal(ids, _base.EncodeToTokens(Text, out var normalized).Select(token => token.Id));
        Assert.Null(normalized); // offsets are those of the text as it is given
    }

    [Fact]
    public void Tokens_of_the_base_class_have_their_vocabulary_entry_and_place()
    {
        var tokens = _base.EncodeToTokens("Films, again", out _);

        Assert.Equal(["[CLS]", "films", ",", "again", "[SEP]"], tokens.Select(token => token.Value));
        Assert.Equal([0..0, 0..5, 5..6, 7..12, 0..0], tokens.Select(token => token.Offset));
    }

    [Fact]
    public void A_limit_on_the_base_class_counts_the_special_tokens_and_says_how_much_was_read()
    {
        var ids = _base.EncodeToIds("Films, again", 4, out var normalized, out var consumed);

        Assert.Equal(_demo.Encode("Films,", 100, Truncation.Head).Ids, ids);
        Assert.Equal((6, null), (consumed, normalized));
        Assert.Equal(12, Consumed(5));
        Assert.Equal(0, Consumed(2));

        static int Consumed(int limit)
        {
            _base.EncodeToIds("Films, again", limit, out _, out var read);
            return read;
        }
    }

    [Theory]
    [InlineData(2, 0, 12)]
    [InlineData(3, 5, 7)]
    [InlineData(4, 6, 5)]
    [InlineData(5, 12, 0)]
    [InlineData(100, 12, 0)]
    public void A_text_can_be_cut_by_tokens_from_both_ends(int limit, int beginning, int end)
    {
        Assert.Equal(beginning, _base.GetIndexByTokenCount("Films, again", limit, out _, out var counted));
        Assert.Equal(Math.Min(limit, 5), counted);
        Assert.Equal(end, _base.GetIndexByTokenCountFromEnd("Films, again", limit, out _, out counted));
        Assert.Equal(Math.Min(limit, 5), counted);
    }

    [Fact]
    public void Ids_are_decoded_to_words()
    {
        var ids = _demo.Encode("Unforgettable films", 100, Truncation.Head).Ids[1..^1];
        Span<char> room = stackalloc char[100];

        Assert.Equal("unforgettable films", _base.Decode(ids));
        Assert.Equal(OperationStatus.Done, _base.Decode(ids, room, out var read, out var written));
        Assert.Equal((ids.Length, "unforgettable films"), (read, room[..written].ToString()));
        Assert.Equal(OperationStatus.DestinationTooSmall, _base.Decode(ids, room[..3], out _, out _));
    }

    [Theory]
    [InlineData("the film was good and ")] // plain
    [InlineData("éte\u0301 ễ 中文 😀 İ ")] // accents, combining marks, Chinese, beyond 16 bits, one letter that becomes two
    [InlineData("Donaudampfschifffahrtsgesellschaftskapitän xyzzyzzyx ")] // many pieces, unknown words
    public void Memory_does_not_grow_with_the_words(string words)
    {
        var (short_, long_) = (Repeat(words, 50), Repeat(words, 500));
        _ = (Allocated(short_), Allocated(long_)); // pools are filled

        var difference = Allocated(long_) - Allocated(short_);

        // Only the array of ids may be longer, and here it is not: both texts are cut to 16 tokens.
        Assert.True(difference <= 512, $"{difference} bytes for 450 times as many words");

        static string Repeat(string part, int count) => string.Concat(Enumerable.Repeat(part, count));

        static long Allocated(string text)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            _demo.Encode(text, 16, Truncation.Head);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }
}
