using LoraOnnx.Graph;
using LoraOnnx.Inference.Variants;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Reference;
using LoraOnnx.Model.Safetensors;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Inference.Tests.Variants;

/// <summary>Texts of many adapters, and of the plain base, in one batch.</summary>
public sealed class MixedAdapterTests
{
    private const double Tolerance = 1e-5;

    private static readonly InferenceOptions _options = ModelFolder.Cpu with { TakesAdapters = true };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Every_text_of_a_mixed_batch_has_the_logits_that_peft_gives_it_alone(int threads)
    {
        using var classifier = TextClassifier.FromWeights(ModelFolder.Weights, Golden.DemoModel, _options with { Threads = threads });
        var variants = MixedGolden.Load(classifier);

        var logits = classifier.Run([.. MixedGolden.Cases.Select(entry => Text(classifier, entry.Text, entry.Adapter, variants))], Cancel);

        Assert.Contains(MixedGolden.Cases, entry => entry.Adapter is null);
        FamilyGolden.AssertClose([.. MixedGolden.Cases.Select(entry => entry.Logits)], logits, Tolerance);
    }

    /// <summary>bf16 keeps 8 bits of a number, 8-bit codes 7 of the largest of a row.</summary>
    [Theory]
    [InlineData(Precision.Bf16, 0.05)]
    [InlineData(Precision.Int8, 0.2)]
    [InlineData(Precision.Int8Dynamic, 0.4)]
    public void On_a_base_in_fewer_bits_every_text_of_a_mixed_batch_is_near_what_peft_gives_it(Precision precision, double tolerance)
    {
        Requirement.ProcessorHas(CpuPrecision.Of(precision).Kernels is not null, "it has no kernels");
        using var classifier = TextClassifier.FromWeights(ModelFolder.Weights, Golden.DemoModel, _options, precision);
        var variants = MixedGolden.Load(classifier);

        var logits = classifier.Run([.. MixedGolden.Cases.Select(entry => Text(classifier, entry.Text, entry.Adapter, variants))], Cancel);

        FamilyGolden.AssertClose([.. MixedGolden.Cases.Select(entry => entry.Logits)], logits, tolerance);
    }

    [Theory]
    [InlineData(Precision.Fp32, false)]
    [InlineData(Precision.Int8, false)]
    [InlineData(Precision.Int8, true)]
    [InlineData(Precision.Int8Dynamic, false)]
    [InlineData(Precision.Int8Dynamic, true)]
    [InlineData(Precision.Bf16, true)]
    public void Every_text_has_the_same_bits_alone_and_in_hundreds_of_random_mixes(Precision precision, bool usesKernels)
    {
        Requirement.ProcessorHas(!usesKernels || CpuPrecision.Of(precision).Kernels is not null, "it has no kernels");
        var texts = Draw(new Random(5), 60);
        float[][]? before = null;
        foreach (var threads in (int[])[1, 2])
        {
            using var classifier = TextClassifier.FromWeights(
                ModelFolder.Weights, Golden.DemoModel, _options with { Threads = threads, UsesKernels = usesKernels }, precision);
            var variants = MixedGolden.Load(classifier);
            VariantText[] rows = [.. texts.Select(text => new VariantText(text.Text, text.Adapter is null ? null : variants[text.Adapter]))];
            float[][] alone = [.. rows.Select(row => classifier.Run([row], Cancel)[0])];
            Assert.Equal(before ?? alone, alone);
            before = alone;

            var random = new Random(threads);
            for (var batch = 0; batch < (precision == Precision.Fp32 ? 200 : 40); batch++)
            {
                int[] chosen = [.. Enumerable.Range(0, random.Next(2, 12)).Select(_ => random.Next(rows.Length))];
                var mixed = classifier.Run([.. chosen.Select(index => rows[index])], Cancel);
                for (var i = 0; i < chosen.Length; i++)
                {
                    Assert.True(alone[chosen[i]].AsSpan().SequenceEqual(mixed[i]),
                        $"batch {batch}: {string.Join(' ', mixed[i])}, alone {string.Join(' ', alone[chosen[i]])}");
                }
            }
        }
    }

    [Theory]
    [InlineData(Precision.Fp32)]
    [InlineData(Precision.Bf16)]
    [InlineData(Precision.Int8)]
    [InlineData(Precision.Int8Dynamic)]
    public void The_base_has_the_bits_that_it_has_without_adapters(Precision precision)
    {
        Requirement.ProcessorHas(precision != Precision.Bf16 || Bf16Support.Kernels is not null, Bf16Support.Refusal);
        using var plain = TextClassifier.FromWeights(ModelFolder.Weights, Golden.DemoModel, ModelFolder.Cpu, precision);
        using var classifier = TextClassifier.FromWeights(ModelFolder.Weights, Golden.DemoModel, _options, precision);
        EncodedText[] texts = [.. ReferenceTexts.All.Where((_, index) => index % 5 == 0).Select(plain.Encode)];

        Assert.Equal(plain.Run(texts, Cancel), classifier.Run(texts, Cancel));
    }

    public static TheoryData<string, string> Adapters =>
    [
        .. Directory.GetDirectories(Golden.Path("adapters")).Select(path => ("", Path.GetFileName(path)!)).Where(adapter => adapter.Item2 != "dora"),
        .. FamilyGolden.AdaptersBesideBases,
    ];

    /// <summary>Any targets, ranks by module, rsLoRA, biases, heads of their own, poolers; on every family.</summary>
    [Theory]
    [MemberData(nameof(Adapters))]
    public void An_adapter_gives_the_logits_of_the_merged_model(string family, string name)
    {
        var (directory, weights, path) = family.Length == 0
            ? (Golden.DemoModel, ModelFolder.Weights, Golden.Path("adapters", name))
            : (FamilyGolden.CheckpointOf(family), FamilyGolden.Weights(family), FamilyGolden.PathOf(family, "adapters", name));
        using var classifier = TextClassifier.FromWeights(weights, directory, _options);
        using var variant = classifier.LoadVariant(new VariantSource(path));
        EncodedText[] texts = [.. ReferenceTexts.ShortTexts.Select(text => classifier.Tokenizer.Encode(text, 200, Truncation.Head))];

        var (folded, _) = AdapterFold.Fold(weights, [(LoraAdapter.Load(path, weights.Config), 1)], 1);
        using var merged = TextClassifier.FromWeights(folded, directory, ModelFolder.Cpu);

        FamilyGolden.AssertClose(merged.Run(texts, Cancel), classifier.Run([.. texts.Select(text => new VariantText(text, variant))], Cancel),
            Tolerance);
    }

    /// <summary>Rounding the base moves logits by far less than the adapter does, whatever it changes.</summary>
    [Theory]
    [MemberData(nameof(Adapters))]
    public void On_a_base_in_bf16_an_adapter_gives_nearly_the_logits_of_the_merged_model(string family, string name)
    {
        Requirement.ProcessorHas(Bf16Support.Kernels is not null, Bf16Support.Refusal);
        var (directory, weights, path) = family.Length == 0
            ? (Golden.DemoModel, ModelFolder.Weights, Golden.Path("adapters", name))
            : (FamilyGolden.CheckpointOf(family), FamilyGolden.Weights(family), FamilyGolden.PathOf(family, "adapters", name));
        using var classifier = TextClassifier.FromWeights(weights, directory, _options, Precision.Bf16);
        using var variant = classifier.LoadVariant(new VariantSource(path));
        EncodedText[] texts = [.. ReferenceTexts.ShortTexts.Select(text => classifier.Tokenizer.Encode(text, 200, Truncation.Head))];
        var (folded, _) = AdapterFold.Fold(weights, [(LoraAdapter.Load(path, weights.Config), 1)], 1);
        using var merged = TextClassifier.FromWeights(folded, directory, ModelFolder.Cpu);

        var (expected, ofBase) = (merged.Run(texts, Cancel), classifier.Run(texts, Cancel));
        var found = classifier.Run([.. texts.Select(text => new VariantText(text, variant))], Cancel);

        var (moved, missed) = (MeanDifference(ofBase, expected), MeanDifference(found, expected));
        Assert.True(missed < 0.1 * moved, $"logits move by {moved:G3} with the adapter, and differ by {missed:G3} from the merged model's");
    }

    private static double MeanDifference(float[][] some, float[][] others) =>
        some.Zip(others, (a, b) => a.Zip(b, (x, y) => Math.Abs((double)x - y)).Average()).Average();

    [Fact]
    public void A_weight_multiplies_the_adapter()
    {
        using var classifier = TextClassifier.FromWeights(ModelFolder.Weights, Golden.DemoModel, _options);
        var path = MixedGolden.PathOf("acme");
        using var half = classifier.LoadVariant(new VariantSource(path, 0.5));
        var (folded, _) = AdapterFold.Fold(ModelFolder.Weights, [(LoraAdapter.Load(path, ModelFolder.Weights.Config), 0.5)], 1);
        using var merged = TextClassifier.FromWeights(folded, Golden.DemoModel, ModelFolder.Cpu);
        EncodedText[] texts = [.. ReferenceTexts.ShortTexts.Select(classifier.Encode)];

        FamilyGolden.AssertClose(merged.Run(texts, Cancel), classifier.Run([.. texts.Select(text => new VariantText(text, half))], Cancel),
            Tolerance);
    }

    [Fact]
    public void Heads_of_one_text_share_its_way_through_the_encoder()
    {
        using var classifier = TextClassifier.FromWeights(ModelFolder.Weights, Golden.DemoModel, _options);
        using var folder = new TemporaryFolder();
        var heads = Enumerable.Range(1, 3).Select(number =>
            classifier.LoadVariant(new VariantSource(WriteHead(folder.Path, number), IsHead: true))).ToList();
        var text = classifier.Encode("One text, many heads.");
        VariantText[] asked = [.. heads.Select(head => new VariantText(text, head)), new(text, null)];

        Assert.Single(VariantRow.Of(asked));
        var together = classifier.Run(asked, Cancel);

        Assert.Equal([1, 2, 3, 2], together.Select(row => row.Length));
        Assert.Equal([.. asked.Select(one => classifier.Run([one], Cancel)[0])], together);
        Assert.Equal(classifier.Run([text], Cancel)[0], together[^1]);
        heads.ForEach(head => head.Dispose());
    }

    [Fact]
    public void A_variant_that_was_given_back_is_an_error_and_never_the_answer_of_the_base()
    {
        using var classifier = TextClassifier.FromWeights(ModelFolder.Weights, Golden.DemoModel, _options);
        var variant = classifier.LoadVariant(new VariantSource(MixedGolden.PathOf("zen")));
        variant.Dispose();

        Assert.Throws<ObjectDisposedException>(() => classifier.Run([new VariantText(classifier.Encode("x"), variant)], Cancel));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static VariantText Text(TextClassifier classifier, string text, string? adapter, Dictionary<string, ModelVariant> variants) =>
        new(classifier.Encode(text), adapter is null ? null : variants[adapter]);

    private static string WriteHead(string folder, int classes)
    {
        var path = Directory.CreateDirectory(Path.Combine(folder, $"head-{classes}")).FullName;
        var config = ModelFolder.Weights.Config;
        var head = config.Layout.Head.WithClasses(classes);
        var random = new Random(classes);
        SafetensorsWriter.Write(Path.Combine(path, Checkpoint.WeightsFileName), head.Tensors.Select(spec => new NamedTensor(
            spec.Key, spec.Shape, [.. Enumerable.Range(0, spec.Rows * (spec.Columns ?? 1)).Select(_ => (random.NextSingle() - 0.5f) / 8)])));
        return path;
    }

    /// <summary>Mostly short, with some of every kind of width; each asks any adapter, or the base.</summary>
    private static List<(EncodedText Text, string? Adapter)> Draw(Random random, int count)
    {
        var tokenizer = ModelFolder.Tokenizer;
        return [.. Enumerable.Range(0, count).Select(index =>
        {
            var length = index % 12 == 0 ? random.Next(65, 90) : random.Next(2, 24);
            int[] ids = [tokenizer.ClsTokenId, .. Enumerable.Range(0, length - 2).Select(_ => random.Next(1000, tokenizer.VocabularySize)),
                tokenizer.SepTokenId];
            var adapter = random.Next(MixedGolden.Adapters.Count + 1);
            return (new EncodedText(ids, ids.Length), adapter == 0 ? null : MixedGolden.Adapters[adapter - 1]);
        })];
    }
}
