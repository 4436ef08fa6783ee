using LoraOnnx.Graph;

namespace LoraOnnx.Inference.Tests.Families;

/// <summary>The written file, padded, and the packed form that serves, against transformers, for every model that lies in golden/families.</summary>
public sealed class FamilyGoldenGraphTests : IDisposable
{
    /// <summary>What numbers of 24, 11, 8 and 7 bits do to logits of up to 6.</summary>
    private static readonly Dictionary<Precision, double> _tolerances = new()
    {
        [Precision.Fp32] = 1e-5,
        [Precision.Fp16] = 0.02,
        [Precision.Bf16] = 0.2,
        [Precision.Int8] = 0.4,
        [Precision.Int8Dynamic] = 0.4,
    };

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> WithLogits => [.. FamilyGolden.ModelsWith("logits.json")];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(WithLogits))]
    public void Both_graphs_give_the_logits_of_transformers_alone_and_in_batches(string model)
    {
        var cases = FamilyGolden.Json(model, "logits.json").GetProperty("cases").EnumerateArray().ToList();
        var texts = FamilyGolden.Encode(model, cases.Select(entry => entry.GetProperty("text").GetString()!));
        float[][] expected = [.. cases.Select(entry => FamilyGolden.Numbers(entry.GetProperty("logits")))];
        var weights = FamilyGolden.Weights(model);
        var path = Path.Combine(_folder.Path, "model.onnx");
        using (var file = File.Create(path))
        {
            OnnxModelFile.Write(file, weights, OnnxModelFile.DefaultOpset, []);
        }

        using var portable = PortableModel.Open(path, ModelFolder.Cpu);
        using var packed = TextClassifier.FromWeights(weights, FamilyGolden.CheckpointOf(model), ModelFolder.Cpu);

        FamilyGolden.AssertClose(expected, [.. texts.Select(text => portable.Run([text.Ids], TestContext.Current.CancellationToken)[0])], 1e-5);
        FamilyGolden.AssertClose(expected, portable.Run([.. texts.Select(text => text.Ids)], TestContext.Current.CancellationToken), 1e-5);
        FamilyGolden.AssertClose(expected, [.. texts.Select(text => packed.Run([text], TestContext.Current.CancellationToken)[0])], 1e-5);
        FamilyGolden.AssertClose(expected, packed.Run(texts, TestContext.Current.CancellationToken), 1e-5);
    }

    /// <summary>bf16 is for kernels alone.</summary>
    public static TheoryData<string, Precision, bool> InPrecisions =>
    [
        .. from model in FamilyGolden.ModelsWith("logits.json")
           from precision in _tolerances.Keys
           from usesKernels in (bool[])[false, true]
           where usesKernels || precision != Precision.Bf16
           select (model, precision, usesKernels),
    ];

    [Theory]
    [MemberData(nameof(InPrecisions))]
    public void In_every_precision_a_text_has_nearly_those_logits_and_the_same_bits_alone_and_in_a_batch(
        string model, Precision precision, bool usesKernels)
    {
        Requirement.ProcessorHas(!usesKernels || CpuPrecision.Of(precision).Kernels is not null, "it has no kernels");
        var cases = FamilyGolden.Json(model, "logits.json").GetProperty("cases").EnumerateArray().ToList();
        var texts = FamilyGolden.Encode(model, cases.Select(entry => entry.GetProperty("text").GetString()!));
        float[][] expected = [.. cases.Select(entry => FamilyGolden.Numbers(entry.GetProperty("logits")))];
        using var classifier = TextClassifier.FromWeights(FamilyGolden.Weights(model), FamilyGolden.CheckpointOf(model),
            ModelFolder.Cpu with { UsesKernels = usesKernels }, precision);

        float[][] alone = [.. texts.Select(text => classifier.Run([text], TestContext.Current.CancellationToken)[0])];

        Assert.Equal(alone, classifier.Run(texts, TestContext.Current.CancellationToken));
        FamilyGolden.AssertClose(expected, alone, _tolerances[precision]);
        Assert.True(precision == Precision.Fp32 || !expected.Zip(alone).All(pair => IsNear(pair.First, pair.Second)), "nothing was rounded.");
    }

    private static bool IsNear(float[] left, float[] right) => left.Zip(right).All(pair => Math.Abs(pair.First - pair.Second) < 2e-5);
}
