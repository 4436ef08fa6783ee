using System.Text.Json;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Model.Tests.Checkpoints;

/// <summary>A merged model as a directory that transformers loads.</summary>
public sealed class CheckpointWriterTests : IDisposable
{
    private readonly TinyModel _model = new(new TinyModelOptions { Labels = ["a", "b", "c"], ProblemType = "multi_label_classification" });

    private string Saved => Path.Combine(_model.Folder, "saved");

    public void Dispose() => _model.Dispose();

    [Fact]
    public void Keys_types_and_metadata_are_those_of_transformers()
    {
        CheckpointWriter.Write(Saved, Checkpoint.Open(Golden.DemoModel).LoadWeights(), Golden.DemoModel);

        using var theirs = SafetensorsFile.Open(Path.Combine(Golden.DemoModel, "model.safetensors")); // saved by transformers
        using var ours = SafetensorsFile.Open(Path.Combine(Saved, "model.safetensors"));
        Assert.Equal(theirs.Names.Order(StringComparer.Ordinal), ours.Names.Order(StringComparer.Ordinal));
        Assert.Equal(104, ours.Names.Count);
        Assert.All(ours.Names, name => Assert.Equal(theirs.ShapeOf(name), ours.ShapeOf(name)));
        Assert.All(ours.Names, name => Assert.Equal(TensorType.F32, ours.TypeOf(name)));
        Assert.Equal("pt", ours.Metadata["format"]);
        Assert.Equal(["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "vocab.txt"],
            Directory.GetFiles(Saved).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_body_with_short_keys_is_saved_as_a_classifier_with_whole_ones()
    {
        _model.Save(_model.Weights.Tensors.SkipLast(4)
            .Select(tensor => new NamedTensor(tensor.Name["distilbert.".Length..], tensor.Shape, tensor.Values)), TensorType.F16);
        _model.EditConfig("DistilBertForSequenceClassification", "DistilBertModel");
        var merged = Checkpoint.Open(_model.Checkpoint).LoadWeights(_model.Weights.Tensors.TakeLast(4));

        CheckpointWriter.Write(Saved, merged, _model.Checkpoint);

        var read = Checkpoint.Open(Saved);
        Assert.True(read.HasHead);
        Assert.Equal(["a", "b", "c"], read.Config.Task.Labels);
        Assert.All(merged.Tensors, tensor => Assert.Equal(tensor.Values, read.LoadWeights()[tensor.Name].Values));
        using var config = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Saved, "config.json")));
        Assert.Equal("DistilBertForSequenceClassification", config.RootElement.GetProperty("architectures")[0].GetString());
        Assert.Equal("float32", config.RootElement.GetProperty("torch_dtype").GetString());
    }

    [Fact]
    public void A_directory_with_something_in_it_is_left_alone() =>
        Assert.Contains("exists already",
            Assert.Throws<InputException>(() => CheckpointWriter.Write(_model.Checkpoint, _model.Weights, _model.Checkpoint)).Message,
            StringComparison.Ordinal);
}
