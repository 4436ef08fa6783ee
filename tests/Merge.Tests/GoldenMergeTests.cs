using System.Text.Json;
using LoraOnnx.Graph;
using LoraOnnx.Inference;
using LoraOnnx.Model;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Reference;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Merge.Tests;

/// <summary>Adapters that peft saved and merged: our sums, our exported graph and our unmerged forward pass give its numbers.</summary>
public sealed class GoldenMergeTests
{
    private const double LogitTolerance = 1e-5;

    private static readonly Checkpoint _demo = Checkpoint.Open(Golden.DemoModel);

    private static readonly TextTokenizer _tokenizer = TextTokenizer.Load(Golden.DemoModel);

    public static TheoryData<string> Names =>
        [.. Directory.GetDirectories(Golden.Path("adapters")).Select(path => System.IO.Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Merged_weights_and_logits_are_those_of_peft(string name)
    {
        using var expected = JsonDocument.Parse(File.ReadAllBytes(Golden.Path("adapters", name, "expected.json")));
        var weights = _demo.LoadWeights();
        (LoraAdapter, double)[] adapters = [(LoraAdapter.Load(Golden.Path("adapters", name), _demo.Config), 1.0)];
        EncodedText[] texts =
            [.. expected.RootElement.GetProperty("texts").EnumerateArray()
                .Select(text => _tokenizer.Encode(text.GetString()!, 512, Truncation.Head))];

        var merged = AdapterFold.Fold(weights, adapters, 1).Merged;
        using var classifier = TextClassifier.FromWeights(merged, Golden.DemoModel, new InferenceOptions { Device = ComputeDevice.Cpu });
        var exported = classifier.Run(texts, TestContext.Current.CancellationToken);
        var unmerged = new ReferenceModel(weights, adapters);

        MergedSums.AssertEqual(expected.RootElement.GetProperty("merged_tensors"), merged);
        float[][] logits =
            [.. expected.RootElement.GetProperty("logits").EnumerateArray()
                .Select(row => row.EnumerateArray().Select(logit => logit.GetSingle()).ToArray())];
        AssertClose(logits, exported, $"{name}, exported");
        AssertClose(logits[..4], [.. texts[..4].Select(text => unmerged.Logits(text.Ids))], $"{name}, unmerged");
    }

    private static void AssertClose(float[][] expected, float[][] found, string what)
    {
        var largest = expected.Zip(found, (row, other) => row.Zip(other, (a, b) => Math.Abs((double)a - b)).Max()).Max();
        TestContext.Current.TestOutputHelper?.WriteLine($"{what}: largest difference {largest:G3}");
        Assert.True(largest <= LogitTolerance, $"{what}: largest difference {largest}");
    }
}
