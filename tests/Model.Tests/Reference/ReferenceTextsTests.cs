using LoraOnnx.Model.Reference;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Model.Tests.Reference;

public sealed class ReferenceTextsTests
{
    [Fact]
    public void There_are_at_least_64_different_texts_from_2_tokens_to_beyond_512()
    {
        var tokenizer = TextTokenizer.Load(Golden.DemoModel);

        var lengths = ReferenceTexts.All.Select(text => tokenizer.Encode(text, 512, Truncation.Head)).ToList();

        Assert.InRange(ReferenceTexts.All.Count, 64, 128);
        Assert.Equal(ReferenceTexts.All.Count, ReferenceTexts.All.Distinct().Count());
        Assert.Equal(2, lengths.Min(text => text.Ids.Length));
        Assert.Equal(512, lengths.Max(text => text.Ids.Length));
        Assert.Contains(lengths, text => text.Truncated);
    }
}
