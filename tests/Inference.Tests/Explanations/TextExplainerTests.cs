using LoraOnnx.Inference.Explanations;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Inference.Tests.Explanations;

public sealed class TextExplainerTests
{
    private const string Bent = "Brilliant from start to finish. Tight script, tense music, and a twist I did not see coming.";

    [Fact]
    public void Steps_are_doubled_until_the_gap_is_allowed()
    {
        var tokenizer = TextTokenizer.Load(Golden.DemoModel);
        using var explainer = TextExplainer.FromWeights(Checkpoint.Open(Golden.DemoModel).LoadWeights(), tokenizer, ModelFolder.Cpu);

        var first = explainer.Explain(Bent, 1, 256, Truncation.Head, TextExplainer.FewestSteps, TestContext.Current.CancellationToken);
        var found = explainer.Explain(Bent, 1, 256, Truncation.Head, TestContext.Current.CancellationToken);

        Assert.True(first.Gap > first.AllowedGap); // or the text shows nothing
        Assert.NotNull(first.Warning);
        Assert.True(found.Gap <= found.AllowedGap, $"gap {found.Gap:G3} of {found.Change:G3} after {found.Steps} steps");
        Assert.Null(found.Warning);
        Assert.Contains(found.Steps, (int[])[16, 32, 64, 128]);
        Assert.Equal(256, explainer.Explain(string.Concat(Enumerable.Repeat(Bent, 20)), 0, 256, Truncation.Head, 8,
            TestContext.Current.CancellationToken).Tokens.Count); // more tokens than run at once
    }

    [Fact]
    public void A_text_without_words_has_no_attributions()
    {
        using var tiny = new TinyModel();
        using var explainer = TextExplainer.FromWeights(tiny.Weights, TextTokenizer.Load(tiny.Checkpoint), ModelFolder.Cpu);

        var found = explainer.Explain("", 1, 64, Truncation.Head, TestContext.Current.CancellationToken);

        Assert.Empty(found.Words);
        Assert.Equal([0, 0], found.Tokens.Select(token => token.Value));
        Assert.Equal(TextExplainer.FewestSteps, found.Steps);
        Assert.Null(found.Warning);
    }

    [Theory]
    [InlineData("don't stop", "don't|stop", new[] { 0, 3, 3, 4, 4, 5, 6, 10 })]
    [InlineData("good.", "good|.", new[] { 0, 4, 4, 5 })]
    [InlineData("unbelievable", "unbelievable", new[] { 0, 2, 2, 9, 9, 12 })]
    [InlineData("好片", "好|片", new[] { 0, 1, 1, 2 })]
    public void Tokens_that_adjoin_inside_a_word_are_one_word(string text, string words, int[] places)
    {
        var tokens = places.Chunk(2).Select((place, index) => new TokenAttribution(new Token(index, place[0], place[1]), 1)).ToList();

        var found = WordSpans.Of(text, tokens);

        Assert.Equal(words.Split('|'), found.Select(word => text[word.Start..word.End]));
        Assert.Equal(tokens.Count, found.Sum(word => word.Value));
    }

    [Fact]
    public void Nodes_and_weights_integrate_polynomials_exactly()
    {
        foreach (var steps in (int[])[8, 16, 32, 64, 128])
        {
            var (places, weights) = GaussLegendre.Of(steps);

            Assert.Equal(1.0 / (2 * steps), places.Zip(weights, (place, weight) => weight * Math.Pow(place, (2 * steps) - 1)).Sum(), 1e-12);
            Assert.Equal(places.Order(), places);
        }
    }
}
