using FsCheck.Xunit;
using LoraOnnx.Graph;
using LoraOnnx.Inference;
using LoraOnnx.Model;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Merge.Tests;

/// <summary>What holds for every adapter and every batch, on a tiny model.</summary>
public sealed class MergeProperties : IDisposable
{
    private readonly TinyModel _model = new();

    public void Dispose() => _model.Dispose();

    [Property(MaxTest = 50)]
    public void Merging_and_unmerging_gives_the_base_within_rounding(byte rank, short scale, int seed, bool bias)
    {
        var adapter = Adapter(1 + (rank % 8), scale == 0 ? 1 : scale / 8192.0, seed, bias);

        var merged = AdapterFold.Fold(_model.Weights, [(adapter, 1)], 1).Merged;
        var unmerged = AdapterFold.Fold(merged, [(adapter, 1)], -1).Merged;

        foreach (var tensor in _model.Weights.Tensors)
        {
            var largest = tensor.Values.Max(Math.Abs) + merged[tensor.Name].Values.Max(Math.Abs);
            var difference = tensor.Values.Zip(unmerged[tensor.Name].Values, (a, b) => Math.Abs(a - b)).Max();
            // two roundings to 24 bits
            Assert.True(difference <= largest / (1 << 23), $"{tensor.Name}: differs by {difference}, largest number {largest}");
        }
    }

    [Property(MaxTest = 100)]
    public void Logits_of_a_text_do_not_depend_on_its_batch(byte[] lengths, int seed)
    {
        using var classifier = TextClassifier.FromWeights(_model.Weights, _model.Checkpoint,
            new InferenceOptions { Device = ComputeDevice.Cpu, Threads = 1 });
        EncodedText[] texts =
            [.. lengths.Take(12).Prepend((byte)5).Select((length, index) => TinyModel.Ids(2 + (length % 63), seed + index))
                .Select(ids => new EncodedText(ids, ids.Length))];

        var batched = classifier.Run(texts, CancellationToken.None);

        foreach (var (text, logits) in texts.Zip(batched))
        {
            Assert.Equal(classifier.Run([text], CancellationToken.None)[0], logits);
        }
    }

    private static LoraAdapter Adapter(int rank, double scale, int seed, bool bias)
    {
        var random = new Random(seed);
        return new LoraAdapter([.. Enumerable.Range(0, 2).Select(layer => new LoraModule
        {
            Module = $"distilbert.transformer.layer.{layer}.ffn.lin1",
            Scale = scale,
            A = TinyModel.RandomTensor("A", [rank, 32], random, 1),
            B = TinyModel.RandomTensor("B", [64, rank], random, 1),
            BBias = bias ? TinyModel.RandomTensor("bias", [64], random, 1) : null,
        })], []);
    }
}
