using System.Text.Json;
using LoraOnnx.Graph;
using LoraOnnx.Inference;
using LoraOnnx.Model;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Merge.Tests;

/// <summary>lora-merge as a user runs it, on a model made in code.</summary>
public sealed class MergeCommandTests : IDisposable
{
    private readonly TinyModel _model = new();

    public void Dispose() => _model.Dispose();

    private string Out => Path.Combine(_model.Folder, "onnx", "model.onnx");

    [Fact]
    public void The_raw_model_is_written_proven_with_its_companions_and_says_what_it_is()
    {
        var result = Succeed("--json");

        Assert.Equal(["config.json", "model.onnx", "tokenizer_config.json", "vocab.txt"],
            Directory.GetFiles(Path.GetDirectoryName(Out)!).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        using var report = JsonDocument.Parse(result.Output);
        Assert.True(report.RootElement.GetProperty("verification_texts").GetInt32() >= 64, result.Output);
        var metadata = OnnxModel.Read(Out).Metadata;
        Assert.Equal(("raw", "passed", "fp32"),
            (metadata[OnnxMetadata.Method], metadata[OnnxMetadata.Verification], metadata[OnnxMetadata.Precision]));
    }

    [Fact]
    public void Adapters_are_added_with_their_weights_and_the_scale()
    {
        var (first, second) = (TinyAdapter.Write(_model, "first", 1), TinyAdapter.Write(_model, "second", 2));

        Succeed("--adapter", $"{first}:0.7", "--adapter", $"{second}:-0.3", "--scale", "0.5");

        (LoraAdapter, double)[] adapters = [(LoraAdapter.Load(first, _model.Config), 0.7), (LoraAdapter.Load(second, _model.Config), -0.3)];
        AssertFile(AdapterFold.Fold(_model.Weights, adapters, 0.5).Merged);
        var metadata = OnnxModel.Read(Out).Metadata;
        Assert.Equal(("0.7,-0.3", "0.5"), (metadata[OnnxMetadata.AdapterWeights], metadata[OnnxMetadata.Scale]));
    }

    [Fact]
    public void An_adapter_may_bring_a_last_layer_for_another_number_of_classes()
    {
        var result = Command.Run(Repository.Path("bin", "lora-merge"),
            ["--model", Golden.DemoModel, "--adapter", Golden.Path("mixed-adapters", "adapters", "stars"), "--no-verify", "--out", Out]);

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal(5, Model.Configuration.ModelConfig.Load(Path.GetDirectoryName(Out)!).Task.Labels.Count);
    }

    [Fact]
    public void A_saved_checkpoint_has_transformers_keys_and_the_merged_weights()
    {
        var adapter = TinyAdapter.Write(_model, "adapter", 1);
        var saved = Path.Combine(_model.Folder, "saved");

        Succeed("--adapter", adapter, "--save-checkpoint", saved);

        using var file = SafetensorsFile.Open(Path.Combine(saved, "model.safetensors"));
        Assert.Equal(_model.Config.Layout.Tensors.Select(spec => spec.Key).Order(StringComparer.Ordinal), file.Names.Order(StringComparer.Ordinal));
        var merged = AdapterFold.Fold(_model.Weights, [(LoraAdapter.Load(adapter, _model.Config), 1)], 1).Merged;
        var loaded = Checkpoint.Open(saved).LoadWeights();
        Assert.All(merged.Tensors, tensor => Assert.Equal(tensor.Values, loaded[tensor.Name].Values));
    }

    [Fact]
    public void Texts_of_ones_own_join_the_proof()
    {
        var data = Path.Combine(_model.Folder, "own.jsonl");
        File.WriteAllLines(data, ["""{"text": "the film was good", "label": 1}""", """{"text": "awful plot", "label": "NEGATIVE"}"""]);

        using var with = JsonDocument.Parse(Succeed("--json", "--verify-data", data).Output);
        using var without = JsonDocument.Parse(Succeed("--json").Output);

        Assert.Equal(without.RootElement.GetProperty("verification_texts").GetInt32() + 2,
            with.RootElement.GetProperty("verification_texts").GetInt32());
    }

    [Theory]
    [InlineData(14)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(19)]
    [InlineData(20)]
    [InlineData(21)]
    public void Every_opset_gives_the_same_logits(int opset)
    {
        Succeed("--opset", $"{opset}");

        AssertFile(_model.Weights);
    }

    [Theory]
    [InlineData("int8")]
    [InlineData("int8-dynamic")]
    [InlineData("fp16")]
    public void A_file_in_fewer_bits_stands_beside_the_exact_one_with_its_gate(string precision)
    {
        using var report = JsonDocument.Parse(Succeed("--precision", precision, "--json").Output);

        var folder = Path.GetDirectoryName(Out)!;
        var file = Path.Combine(folder, $"model.{precision}.onnx");
        using var gate = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, $"model.{precision}.gate.json")));
        Assert.True(gate.RootElement.GetProperty("passed").GetBoolean());
        Assert.Equal(256, gate.RootElement.GetProperty("texts").GetInt32());
        Assert.Equal(gate.RootElement.GetProperty("label_agreement").GetDouble(),
            report.RootElement.GetProperty("gate").GetProperty("label_agreement").GetDouble());
        Assert.Equal(precision, OnnxModel.Read(file).Metadata[OnnxMetadata.Precision]);
        using var classifier = TextClassifier.Load(folder,
            new InferenceOptions { Device = ComputeDevice.Cpu, Precision = PrecisionRule.Parse(precision) });
        Assert.Equal(Files.ContentHash.OfFile(file), classifier.Model.Hash);
        AssertFile(_model.Weights);
    }

    [Fact]
    public void The_name_of_a_precision_asks_for_that_file_alone()
    {
        var file = Path.Combine(_model.Folder, "onnx", "model.int8.onnx");

        Succeed(file, "--precision", "int8");

        Assert.True(File.Exists(file));
        Assert.True(File.Exists(Path.Combine(_model.Folder, "onnx", "model.int8.gate.json")));
        Assert.False(File.Exists(Out));
    }

    private CommandResult Succeed(params string[] more)
    {
        var named = more is [var first, ..] && !first.StartsWith('-');
        var result = Command.Run(Repository.Path("bin", "lora-merge"),
            ["--model", _model.Checkpoint, "--out", named ? more[0] : Out, .. named ? more[1..] : more]);
        Assert.True(result.ExitCode == 0, result.ToString());
        return result;
    }

    /// <summary>The file gives the logits of these weights.</summary>
    private void AssertFile(ModelWeights expected)
    {
        using var classifier = TextClassifier.FromWeights(expected, _model.Checkpoint, new InferenceOptions { Device = ComputeDevice.Cpu });
        using var file = PortableModel.Open(Out, new InferenceOptions { Device = ComputeDevice.Cpu });
        int[][] texts = [.. Enumerable.Range(2, 30).Select(length => TinyModel.Ids(length, length))];
        var logits = classifier.Run([.. texts.Select(ids => new Model.Tokenization.EncodedText(ids, ids.Length))],
            TestContext.Current.CancellationToken);
        var largest = logits.Zip(file.Run(texts, TestContext.Current.CancellationToken), (a, b) => a.Zip(b, (x, y) => Math.Abs((double)x - y)).Max())
            .Max();
        Assert.True(largest <= 1e-5, $"largest difference {largest}");
    }
}
