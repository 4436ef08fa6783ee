using LoraOnnx.Graph;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Inference.Tests;

/// <summary>The same text gives the same bits whatever it is batched with, and nearly the bits of the portable graph.</summary>
public sealed class BatchInvarianceTests
{
    /// <summary>Packed and padded sums differ by the order of a few additions.</summary>
    private const double PortableTolerance = 5e-6;

    private const int Batches = 1000;

    [Theory]
    [InlineData(Precision.Fp32, false)]
    [InlineData(Precision.Fp32, true)]
    [InlineData(Precision.Int8, false)]
    [InlineData(Precision.Int8, true)]
    [InlineData(Precision.Int8Dynamic, false)]
    [InlineData(Precision.Int8Dynamic, true)]
    [InlineData(Precision.Bf16, true)]
    public void Logits_of_a_text_have_the_same_bits_alone_and_in_a_thousand_random_batches_on_1_and_2_threads(Precision precision, bool usesKernels)
    {
        Requirement.ProcessorHas(!usesKernels || CpuPrecision.Of(precision).Kernels is not null, "it has no kernels");
        using var one = Classifier(precision, 1, usesKernels);
        using var two = Classifier(precision, 2, usesKernels);
        var random = new Random(7);
        var texts = Texts(random, 40);
        var alone = texts.Select(text => one.Run([text], TestContext.Current.CancellationToken)[0]).ToArray();
        Assert.Equal(alone, texts.Select(text => two.Run([text], TestContext.Current.CancellationToken)[0]));

        for (var batch = 0; batch < Batches; batch++)
        {
            var classifier = batch % 2 == 0 ? one : two;
            var chosen = Enumerable.Range(0, random.Next(2, 9)).Select(_ => random.Next(texts.Length)).ToArray();
            var logits = classifier.Run([.. chosen.Select(index => texts[index])], TestContext.Current.CancellationToken);
            for (var i = 0; i < chosen.Length; i++)
            {
                Assert.True(alone[chosen[i]].AsSpan().SequenceEqual(logits[i]),
                    $"batch {batch}, {1 + (batch % 2)} threads, text of {texts[chosen[i]].Ids.Length} tokens: {string.Join(' ', logits[i])} in the "
                        + $"batch, {string.Join(' ', alone[chosen[i]])} alone");
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_serving_form_is_within_5e_6_of_the_portable_graph_at_every_length(bool usesKernels)
    {
        Requirement.ProcessorHas(!usesKernels || CpuPrecision.Of(Precision.Fp32).Kernels is not null, "it has no kernels");
        using var folder = new ModelFolder();
        using var portable = PortableModel.Open(folder.Write(), ModelFolder.Cpu);
        using var classifier = TextClassifier.Load(folder.Path, ModelFolder.Cpu with { UsesKernels = usesKernels });
        int[] lengths = [2, 3, 7, 8, 9, 31, 32, 33, 63, 64, 65, 127, 128, 129, 192, 193, 300, 511, 512];
        EncodedText[] texts = [.. lengths.Select(length => Text(new Random(length), length))];

        var packed = classifier.Run(texts, TestContext.Current.CancellationToken);
        var padded = portable.Run([.. texts.Select(text => text.Ids)], TestContext.Current.CancellationToken);

        var largest = packed.Zip(padded, (a, b) => a.Zip(b, (x, y) => Math.Abs((double)x - y)).Max()).Max();
        TestContext.Current.TestOutputHelper?.WriteLine($"largest difference {largest:G3}");
        Assert.True(largest <= PortableTolerance, $"largest difference {largest}");
    }

    private static TextClassifier Classifier(Precision precision, int threads, bool usesKernels) => TextClassifier.FromWeights(
        ModelFolder.TwoLayers, Golden.DemoModel, ModelFolder.Cpu with { Threads = threads, UsesKernels = usesKernels }, precision);

    /// <summary>Mostly short, so that a thousand batches take seconds; one in ten is longer.</summary>
    private static EncodedText[] Texts(Random random, int count) =>
        [.. Enumerable.Range(0, count).Select(index => Text(random, index % 10 == 0 ? random.Next(33, 150) : random.Next(2, 25)))];

    private static EncodedText Text(Random random, int length)
    {
        var tokenizer = ModelFolder.Tokenizer;
        int[] ids = [tokenizer.ClsTokenId, .. Enumerable.Range(0, length - 2).Select(_ => random.Next(1000, tokenizer.VocabularySize)),
            tokenizer.SepTokenId];
        return new EncodedText(ids, ids.Length);
    }
}
