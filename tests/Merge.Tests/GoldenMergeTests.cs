using System.Text.Json;
using LoraOnnx.Graph;
using LoraOnnx.Inference;
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

    private static readonly WordPieceTokenizer _tokenizer = WordPieceTokenizer.Load(Golden.DemoModel);

    public static TheoryData<string> Names => [.. Directory.GetDirectories(Golden.Path("adapters")).Select(path => System.IO.Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Merged_weights_and_logits_are_those_of_peft(string name)
    {
        using var expected = JsonDocument.Parse(File.ReadAllBytes(Golden.Path("adapters", name, "expected.json")));
        var weights = _demo.LoadWeights();
        (LoraAdapter, double)[] adapters = [(LoraAdapter.Load(Golden.Path("adapters", name), _demo.Config), 1.0)];
        EncodedText[] texts = [.. expected.RootElement.GetProperty("texts").EnumerateArray().Select(text => _tokenizer.Encode(text.GetString()!, 512, Truncation.Head))];

        var merged = AdapterFold.Fold(weights, adapters, 1).Merged;
        using var classifier = TextClassifier.FromWeights(merged, Golden.DemoModel, new InferenceOptions { Device = "cpu" });
        var exported = classifier.Run(texts, TestContext.Current.CancellationToken);
        var unmerged = new ReferenceModel(weights, adapters);

        AssertSums(expected.RootElement.GetProperty("merged_tensors"), merged);
        var logits = expected.RootElement.GetProperty("logits");
        for (var i = 0; i < texts.Length; i++)
        {
            AssertClose(logits[i], exported[i], $"{name}, text {i}, exported");
            if (i < 4)
            {
                AssertClose(logits[i], unmerged.Logits(texts[i].Ids), $"{name}, text {i}, unmerged");
            }
        }
    }

    /// <summary>Sums of squares within 1e-6 relative; sums within 1e-6·sqrt(count·sum of squares).</summary>
    private static void AssertSums(JsonElement tensors, ModelWeights merged)
    {
        foreach (var tensor in tensors.EnumerateObject())
        {
            var values = merged[tensor.Name].Values;
            var (sum, squares) = (values.Sum(value => (double)value), values.Sum(value => (double)value * value));
            var expectedSquares = tensor.Value.GetProperty("sum_of_squares").GetDouble();
            Assert.True(Math.Abs(squares - expectedSquares) <= 1e-6 * expectedSquares, $"{tensor.Name}: sum of squares {squares}, expected {expectedSquares}");
            var difference = Math.Abs(sum - tensor.Value.GetProperty("sum").GetDouble());
            Assert.True(difference <= 1e-6 * Math.Sqrt(values.Length * expectedSquares), $"{tensor.Name}: sum differs by {difference}");
        }
    }

    private static void AssertClose(JsonElement expected, float[] found, string what)
    {
        var largest = expected.EnumerateArray().Zip(found, (a, b) => Math.Abs(a.GetDouble() - b)).Max();
        Assert.True(largest <= LogitTolerance, $"{what}: largest difference {largest}");
    }
}
