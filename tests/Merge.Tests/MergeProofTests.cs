using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Merge.Tests;

public sealed class MergeProofTests
{
    private static readonly EncodedText _text = new([101, 102], 2);

    [Theory]
    [InlineData(float.NaN, 2f)]
    [InlineData(-1f, float.NaN)]
    [InlineData(-1f, float.PositiveInfinity)]
    [InlineData(-1f, 2.0001f)]
    public void A_file_with_one_wrong_logit_is_refused(float first, float second)
    {
        var error = Assert.Throws<InputException>(() => MergeProof.Difference([-1f, 2f], [first, second], 7, _text, 1e-5));

        Assert.Contains("text 7", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_difference_within_the_tolerance_is_returned() =>
        Assert.Equal(1e-5, MergeProof.Difference([-1f, 2f], [-1f, 2.00001f], 0, _text, 2e-5), 1e-6);
}
