using System.Text.Json;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Model.Tests.Checkpoints;

public sealed class CheckpointTests : IDisposable
{
    private readonly TinyModel _model = new();

    public void Dispose() => _model.Dispose();

    [Fact]
    public void Demo_checkpoint_is_a_two_class_model_with_its_head()
    {
        var checkpoint = Checkpoint.Open(Golden.DemoModel);

        Assert.True(checkpoint.HasHead);
        Assert.Equal((384, 1536, 6, 12, 8192),
            (checkpoint.Config.Shape.Width, checkpoint.Config.Shape.UpWidth, checkpoint.Config.Shape.Blocks, checkpoint.Config.Shape.Heads,
                checkpoint.Config.Shape.Vocabulary));
        Assert.Equal(["NEGATIVE", "POSITIVE"], checkpoint.Config.Task.Labels);
        Assert.Equal(104, checkpoint.LoadWeights().Tensors.Count());
    }

    [Theory]
    [InlineData(TensorType.F32, 0)]
    [InlineData(TensorType.F16, 1.0 / 2048)] // 11 bits of precision: half a unit in the last place
    [InlineData(TensorType.BF16, 1.0 / 256)] // 8 bits
    public void Weights_of_every_type_are_read_as_they_were_rounded(TensorType type, double relativeError)
    {
        _model.Save(_model.Weights.Tensors, type);

        var read = Checkpoint.Open(_model.Checkpoint).LoadWeights();

        foreach (var tensor in _model.Weights.Tensors)
        {
            var worst = tensor.Values.Zip(read[tensor.Name].Values, (expected, found) => Math.Abs(expected - found) / (Math.Abs(expected) + 1e-4))
                .Max();
            Assert.True(worst <= relativeError, $"{tensor.Name}: largest relative difference {worst:G4}, allowed {relativeError:G4}");
        }
    }

    [Fact]
    public void Sharded_checkpoint_gives_the_same_weights()
    {
        var tensors = _model.Weights.Tensors.ToList();
        var shards = new[] { tensors.Take(9), tensors.Skip(9) }.Select(
            (part, index) => (Name: $"model-0000{index + 1}-of-00002.safetensors", Tensors: part.ToList())).ToList();
        shards.ForEach(shard => SafetensorsWriter.Write(System.IO.Path.Combine(_model.Checkpoint, shard.Name), shard.Tensors));
        WriteIndex(shards.SelectMany(shard => shard.Tensors, (shard, tensor) => (tensor.Name, shard.Name)));
        File.Delete(_model.WeightsFile);

        var read = Checkpoint.Open(_model.Checkpoint);

        Assert.Equal(2, read.WeightFiles.Count);
        AssertEqual(_model.Weights, read.LoadWeights());
    }

    [Fact]
    public void Missing_shard_is_named()
    {
        WriteIndex([("classifier.weight", "model-00001-of-00001.safetensors")]);
        File.Delete(_model.WeightsFile);

        Assert.Contains("model-00001-of-00001.safetensors", Error().Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../elsewhere.safetensors")]
    [InlineData("/etc/passwd")]
    [InlineData("")]
    public void Shard_outside_the_directory_is_refused(string file)
    {
        WriteIndex([("classifier.weight", file)]);
        File.Delete(_model.WeightsFile);

        Assert.Contains("expected a file name in the same directory", Error().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Body_alone_has_no_head_and_takes_one()
    {
        _model.Save(_model.Weights.Tensors.SkipLast(4).Select(tensor => Renamed(tensor, tensor.Name["distilbert.".Length..])));
        var checkpoint = Checkpoint.Open(_model.Checkpoint);

        Assert.False(checkpoint.HasHead);
        Assert.Contains("no classification head: 'pre_classifier.weight' [32, 32], 'pre_classifier.bias' [32], 'classifier.weight' [2, 32], "
            + "'classifier.bias' [2] are missing", Assert.Throws<InputException>(() => checkpoint.LoadWeights()).Message, StringComparison.Ordinal);
        AssertEqual(_model.Weights, checkpoint.LoadWeights(_model.Weights.Tensors.TakeLast(4)));
    }

    [Fact]
    public void Head_of_a_masked_language_model_is_left_aside()
    {
        _model.Save([.. _model.Weights.Tensors.SkipLast(4), new NamedTensor("vocab_transform.weight", [2, 2], new float[4]),
            new NamedTensor("vocab_layer_norm.bias", [2], new float[2])]);

        Assert.False(Checkpoint.Open(_model.Checkpoint).HasHead);
    }

    [Fact]
    public void Layer_norms_under_their_old_names_are_found()
    {
        _model.Save(_model.Weights.Tensors.Select(tensor => tensor.Name.Contains("orm.", StringComparison.Ordinal)
            ? Renamed(tensor, tensor.Name.Replace(".weight", ".gamma", StringComparison.Ordinal).Replace(".bias", ".beta", StringComparison.Ordinal))
            : tensor));

        AssertEqual(_model.Weights, Checkpoint.Open(_model.Checkpoint).LoadWeights());
    }

    [Fact]
    public void Sinusoidal_positions_may_be_left_out()
    {
        _model.EditConfig("\"dim\": 32", "\"dim\": 32, \"sinusoidal_pos_embds\": true");
        _model.Save(_model.Weights.Tensors.Where(tensor => !tensor.Name.Contains("position", StringComparison.Ordinal)));

        var positions = Checkpoint.Open(_model.Checkpoint).LoadWeights()["distilbert.embeddings.position_embeddings.weight"];

        // Row 3, columns 2 and 3 of width 32: sin and cos of 3 / 10000^(2/32).
        Assert.Equal([64, 32], positions.Shape);
        Assert.Equal(0.9933, positions.Values[(3 * 32) + 2], 1e-4);
        Assert.Equal(-0.1160, positions.Values[(3 * 32) + 3], 1e-4);
    }

    [Fact]
    public void Positions_that_are_there_win_over_sinusoidal_ones()
    {
        _model.EditConfig("\"dim\": 32", "\"dim\": 32, \"sinusoidal_pos_embds\": true");

        AssertEqual(_model.Weights, Checkpoint.Open(_model.Checkpoint).LoadWeights());
    }

    [Theory]
    [InlineData(1, 16, 1, 3)]
    [InlineData(3, 24, 2, 7)]
    [InlineData(12, 8, 8, 28)]
    public void Any_size_and_number_of_labels_is_read(int layers, int width, int heads, int labels)
    {
        using var model = new TinyModel(
            new TinyModelOptions
            {
                Layers = layers,
                Width = width,
                Heads = heads,
                Inner = width * 3,
                Labels = [.. Enumerable.Range(0, labels).Select(index => $"L{index}")],
            });

        AssertEqual(model.Weights, Checkpoint.Open(model.Checkpoint).LoadWeights());
    }

    [Fact]
    public void Missing_tensor_is_named_with_its_shape()
    {
        _model.Save(_model.Weights.Tensors.Where(tensor => tensor.Name != "distilbert.transformer.layer.1.ffn.lin1.weight"));

        Assert.Contains("'distilbert.transformer.layer.1.ffn.lin1.weight' [64, 32] is missing", Error().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Half_a_head_is_an_error_and_never_made_up()
    {
        _model.Save(_model.Weights.Tensors.Where(tensor => !tensor.Name.StartsWith("pre_classifier", StringComparison.Ordinal)));

        Assert.Contains("'pre_classifier.weight' [32, 32] is missing, and 1 more", Error().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Misshapen_tensor_is_named_with_both_shapes()
    {
        _model.EditConfig("\"hidden_dim\": 64", "\"hidden_dim\": 48");

        var error = Error();

        Assert.Contains("is [64]; config.json implies [48]", error.Message, StringComparison.Ordinal);
        Assert.Equal("the checkpoint and config.json are from different models.", error.Hint);
    }

    [Fact]
    public void Layers_beyond_the_config_are_an_error()
    {
        _model.EditConfig("\"n_layers\": 2", "\"n_layers\": 1");

        Assert.Contains("'distilbert.transformer.layer.1.", Error().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Pickled_weights_are_refused_with_the_way_to_convert_them()
    {
        File.Move(_model.WeightsFile, System.IO.Path.Combine(_model.Checkpoint, "pytorch_model.bin"));

        Assert.Contains("save_pretrained", Error().Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Hash_of_the_weights_is_that_of_the_file_and_changes_with_it()
    {
        var before = Checkpoint.Open(_model.Checkpoint).WeightsHash();
        _model.Save(TinyModel.RandomWeights(_model.Config, 8).Tensors);

        Assert.Equal(64, before.Length);
        Assert.NotEqual(before, Checkpoint.Open(_model.Checkpoint).WeightsHash());
    }

    private InputException Error() => Assert.Throws<InputException>(() => Checkpoint.Open(_model.Checkpoint));

    private void WriteIndex(IEnumerable<(string Tensor, string File)> entries) => File.WriteAllText(
        System.IO.Path.Combine(_model.Checkpoint, Checkpoint.ShardIndexFileName),
        JsonSerializer.Serialize(
            new { metadata = new { total_size = 0 }, weight_map = entries.ToDictionary(entry => entry.Tensor, entry => entry.File) }));

    private static NamedTensor Renamed(NamedTensor tensor, string name) => new(name, tensor.Shape, tensor.Values);

    private static void AssertEqual(ModelWeights expected, ModelWeights found) =>
        Assert.All(expected.Tensors, tensor =>
            Assert.True(tensor.Values.AsSpan().SequenceEqual(found[tensor.Name].Values), $"{tensor.Name} differs"));
}
