using LoraOnnx.Graph;
using LoraOnnx.Model;

namespace LoraOnnx.Inference.Tests;

/// <summary>What a wrong file or device says.</summary>
public sealed class LoadErrorTests
{
    [Fact]
    public void An_adapter_in_a_models_place_is_said_to_be_one()
    {
        using var folder = new ModelFolder();
        File.WriteAllText(Path.Combine(folder.Path, "adapter_config.json"), "{}");

        var error = Assert.Throws<InputException>(() => TextClassifier.Load(folder.Path, ModelFolder.Cpu));

        Assert.Contains("is an adapter: it has adapter_config.json and no model.onnx", error.Message, StringComparison.Ordinal);
        Assert.Contains("--adapter", error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void A_path_that_does_not_exist_is_named()
    {
        var error = Assert.Throws<InputException>(() => TextClassifier.Load("/no/such/model.onnx", ModelFolder.Cpu));

        Assert.Equal("/no/such/model.onnx: no such file or directory.", error.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("this is no protobuf at all")]
    public void A_file_that_is_not_a_model_is_refused(string content)
    {
        using var folder = new ModelFolder();
        File.WriteAllText(folder.ModelFile, content);

        var error = Assert.Throws<InputException>(() => TextClassifier.Load(folder.Path, ModelFolder.Cpu));

        Assert.Contains("is not an ONNX model", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model.onnx", "name the directory that the model is in: {0}.")]
    [InlineData("run.json", "lora-merge makes one of a run: lora-merge --run {0} --out model.onnx.")]
    [InlineData(null, "lora-merge makes one of a checkpoint: lora-merge --model {0} --out model.onnx.")]
    public void Another_file_than_a_model_is_told_what_a_model_is(string? beside, string hint)
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("config.json", "{}");
        _ = beside is null ? null : folder.Write(beside, "");

        var error = Assert.Throws<InputException>(() => TextClassifier.Load(file, ModelFolder.Cpu));

        Assert.Equal($"{file}: is not an ONNX model, whose name would end in .onnx.", error.Message);
        Assert.Equal(string.Format(System.Globalization.CultureInfo.InvariantCulture, hint, folder.Path), error.Hint);
    }

    [Fact]
    public void A_model_cut_short_is_refused()
    {
        using var folder = new ModelFolder();
        var bytes = File.ReadAllBytes(folder.Write());
        File.WriteAllBytes(folder.ModelFile, bytes[..(bytes.Length / 2)]);

        Assert.Throws<InputException>(() => TextClassifier.Load(folder.Path, ModelFolder.Cpu));
    }

    [Fact]
    public void Labels_of_another_model_are_refused()
    {
        using var folder = new ModelFolder();
        folder.Write();
        var config = Path.Combine(folder.Path, "config.json");
        File.WriteAllText(
            config, File.ReadAllText(config).Replace("\"1\": \"POSITIVE\"", "\"1\": \"POSITIVE\", \"2\": \"MIXED\"", StringComparison.Ordinal));

        var error = Assert.Throws<InputException>(() => TextClassifier.Load(folder.Path, ModelFolder.Cpu));

        Assert.Contains("2 logits", error.Message, StringComparison.Ordinal);
        Assert.Contains("3 labels", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cuda_on_a_build_for_the_cpu_is_an_error_that_says_how_to_build()
    {
        using var folder = new ModelFolder();
        folder.Write();

        var error = Assert.Throws<InputException>(() => TextClassifier.Load(folder.Path, new InferenceOptions { Device = ComputeDevice.Cuda }));

        Assert.Contains("CPU only", error.Message, StringComparison.Ordinal);
        Assert.Contains("Accelerator=cuda", error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void The_limit_and_the_cut_of_training_travel_in_the_file()
    {
        using var folder = new ModelFolder();
        folder.Write(metadata: [new(OnnxMetadata.MaxLength, "64"), new(OnnxMetadata.Truncate, "tail")]);
        using var classifier = TextClassifier.Load(folder.Path, ModelFolder.Cpu);

        var encoded = classifier.Encode(string.Concat(Enumerable.Repeat("word ", 200)) + "last");

        Assert.Equal(64, encoded.Ids.Length);
        Assert.Equal(classifier.Tokenizer.Encode("last", 8, Model.Tokenization.Truncation.Head).Ids[^2], encoded.Ids[^2]);
    }

    [Fact]
    public void A_cancelled_run_ends_as_cancelled()
    {
        using var classifier = TextClassifier.FromWeights(ModelFolder.Weights, Golden.DemoModel, ModelFolder.Cpu);
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();

        Assert.Throws<OperationCanceledException>(() => classifier.Run([classifier.Encode("late")], cancelled.Token));
    }
}
