using System.Text.Json;
using LoraOnnx.Inference;
using LoraOnnx.Model;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Reference;
using LoraOnnx.Model.Safetensors;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Merge.Tests;

/// <summary>Checkpoints of every form, from their files to logits: the exported graph gives those of the plain forward pass.</summary>
public sealed class CheckpointFormsTests
{
    /// <summary>fp32 sums of another order, on logits around 1.</summary>
    private const double Tolerance = 2e-5;

    [Theory]
    [InlineData(1, 8, 1, 16, 2, "gelu")]
    [InlineData(2, 32, 4, 64, 2, "relu")]
    [InlineData(3, 24, 2, 40, 28, "gelu")]
    [InlineData(7, 40, 5, 20, 3, "gelu")]
    [InlineData(12, 16, 16, 16, 5, "relu")]
    public void Any_number_of_layers_heads_and_labels_and_any_width(int layers, int width, int heads, int inner, int labels, string activation)
    {
        using var model = new TinyModel(
            new TinyModelOptions
            {
                Layers = layers,
                Width = width,
                Heads = heads,
                Inner = inner,
                Activation = activation,
                Labels = [.. Enumerable.Range(0, labels).Select(index => $"L{index}")],
            });

        AssertSameLogits(model);
    }

    [Theory]
    [InlineData("multi_label_classification", 1)]
    [InlineData("multi_label_classification", 6)]
    [InlineData("single_label_classification", 4)]
    public void Each_problem_type(string type, int labels)
    {
        using var model = new TinyModel(
            new TinyModelOptions { ProblemType = type, Labels = [.. Enumerable.Range(0, labels).Select(index => $"L{index}")] });

        AssertSameLogits(model);
    }

    [Theory]
    [InlineData(TensorType.F16)]
    [InlineData(TensorType.BF16)]
    public void Half_precision(TensorType type)
    {
        using var model = new TinyModel();
        model.Save(model.Weights.Tensors, type);

        AssertSameLogits(model);
    }

    [Fact]
    public void Shards()
    {
        using var model = new TinyModel();
        var shards = model.Weights.Tensors.Chunk(9)
            .Select((tensors, index) => (Name: $"model-0000{index + 1}-of-00005.safetensors", Tensors: tensors)).ToList();
        shards.ForEach(shard => SafetensorsWriter.Write(Path.Combine(model.Checkpoint, shard.Name), shard.Tensors));
        File.WriteAllText(Path.Combine(model.Checkpoint, "model.safetensors.index.json"),
            JsonSerializer.Serialize(
                new
                {
                    weight_map = shards.SelectMany(shard => shard.Tensors.Select(tensor => (tensor.Name, File: shard.Name)))
                    .ToDictionary(entry => entry.Name, entry => entry.File)
                }));
        File.Delete(model.WeightsFile);

        AssertSameLogits(model);
    }

    [Fact]
    public void Sinusoidal_positions_that_the_file_leaves_out()
    {
        using var model = new TinyModel();
        model.EditConfig("\"dim\": 32", "\"dim\": 32, \"sinusoidal_pos_embds\": true");
        model.Save(model.Weights.Tensors.Where(tensor => !tensor.Name.Contains("position", StringComparison.Ordinal)));

        AssertSameLogits(model);
    }

    [Fact]
    public void A_cased_vocabulary()
    {
        using var model = new TinyModel(new TinyModelOptions { Cased = true });
        var tokenizer = TextTokenizer.Load(model.Checkpoint, model.Config.Shape.Vocabulary);

        Assert.NotEqual(tokenizer.Encode("Film", 8, Truncation.Head).Ids, tokenizer.Encode("film", 8, Truncation.Head).Ids);
        AssertSameLogits(model);
    }

    private static void AssertSameLogits(TinyModel model)
    {
        var weights = Checkpoint.Open(model.Checkpoint).LoadWeights();
        using var classifier = TextClassifier.FromWeights(weights, model.Checkpoint,
            new InferenceOptions { Device = ComputeDevice.Cpu, Threads = 1 });
        var reference = new ReferenceModel(weights, []);
        EncodedText[] texts = [.. new[] { 2, 3, 17, 64 }.Select(length => new EncodedText(TinyModel.Ids(length, length), length))];

        var logits = classifier.Run(texts, TestContext.Current.CancellationToken);

        var largest = texts.Zip(logits, (text, row) => reference.Logits(text.Ids).Zip(row, (a, b) => Math.Abs((double)a - b)).Max()).Max();
        TestContext.Current.TestOutputHelper?.WriteLine($"largest difference {largest:G3}");
        Assert.True(largest <= Tolerance, $"largest difference {largest}");
    }
}
