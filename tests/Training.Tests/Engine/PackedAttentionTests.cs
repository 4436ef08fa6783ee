using LoraOnnx.Model.Encoders;
using LoraOnnx.Model.Families;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Learning;
using LoraOnnx.Training.Torch;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Tests.Engine;

public sealed class PackedAttentionTests
{
    private static readonly int[] _lengths = [40, 3, 64, 31, 7, 64, 5, 130, 7, 12];

    public PackedAttentionTests() => NativeTorch.Prepare(null);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Padded_matrices_give_what_the_flash_path_gives(bool firstTokensOnly)
    {
        // Another order of summation in fp32.
        const double Tolerance = 1e-5;

        var flash = Run(asMatrices: false, firstTokensOnly);
        var matrices = Run(asMatrices: true, firstTokensOnly);

        var largest = flash.Zip(matrices).Max(pair => Math.Abs(pair.First - pair.Second));
        TestContext.Current.TestOutputHelper?.WriteLine($"largest difference {largest:g3}");
        Assert.True(largest <= Tolerance, $"largest difference {largest:g3}, allowed {Tolerance:g3}.");
    }

    [Fact]
    public void Padded_groups_cover_all_texts_with_few_shapes()
    {
        int[] lengths = [.. Enumerable.Range(2, 511).SelectMany(length => new[] { length, length })];

        var groups = TextGroup.Padded(lengths);

        Assert.Equal(lengths, groups.SelectMany(group => group.Lengths));
        Assert.All(groups, group => Assert.InRange(group.Width, group.Lengths.Max(), 512));
        Assert.True(groups.Select(group => (group.Width, group.Texts)).Distinct().Count() <= 48, "a new shape costs milliseconds");
    }

    /// <summary>Context and the three gradients, one after another.</summary>
    private static float[] Run(bool asMatrices, bool firstTokensOnly)
    {
        using var scope = NewDisposeScope();
        using var tape = new Tape();
        var random = new Random(5); // libtorch's generator serves other tests at the same time
        var packed = new PackedBatch([.. _lengths.Select(length => new EncodedText(new int[length], length))]);
        var batch = new DeviceBatch(packed,
            DistilBert.Layout(new EncoderShape { Width = 8, UpWidth = 8, Blocks = 1, Heads = 1, Vocabulary = 1, Positions = 512 },
                classes: 2).Embeddings, CPU,
            lengths => asMatrices ? TextGroup.Padded(lengths) : TextGroup.Exact(lengths), rowStep: 1);
        var attention = new PackedAttention(asMatrices ? new MatrixAttention(0) : new FlashAttention(0), heads: 3, headWidth: 8, firstTokensOnly);
        var (key, value) = (Matrix(packed.TokenCount), Matrix(packed.TokenCount));
        var query = Matrix(firstTokensOnly ? packed.TextCount : packed.TokenCount);
        var gradient = Matrix((int)query.shape[0]);
        var (queryGradient, keyGradient, valueGradient) = (zeros_like(query), zeros_like(key), zeros_like(value));

        var (context, saved) = attention.Forward(query, key, value, batch, dropout: null, tape);
        attention.Backward(gradient, saved, batch, queryGradient, keyGradient, valueGradient);

        return cat([context, queryGradient, keyGradient, valueGradient], 0).data<float>().ToArray();

        Tensor Matrix(int rows) => tensor(Enumerable.Range(0, 24 * rows).Select(_ => (4 * random.NextSingle()) - 2).ToArray()).view(rows, 24);
    }
}
