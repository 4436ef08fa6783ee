using System.Text.Json;
using LoraOnnx.Graph;
using LoraOnnx.Inference;
using LoraOnnx.Model;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Tokenization;
using Microsoft.ML.OnnxRuntime;

namespace LoraOnnx.Merge.Tests;

/// <summary>lora-merge --base-with-adapters, and what other programs on ONNX Runtime do with its files.</summary>
public sealed class RuntimeAdapterTests : IDisposable
{
    private static readonly string[] _inputs = ["input_ids", "attention_mask"];
    private static readonly string[] _outputs = ["logits"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Base => Path.Combine(_folder.Path, "base.onnx");

    [Fact]
    public void Each_adapter_of_the_golden_set_gives_pefts_logits_on_one_session()
    {
        string[] names = [.. Directory.GetDirectories(Golden.Path("mixed-adapters", "adapters")).Select(path => Path.GetFileName(path)!)];

        var result = Merge([.. names.SelectMany(name => (string[])["--adapter", Golden.Path("mixed-adapters", "adapters", name)]), "--no-verify"]);

        Assert.True(result.ExitCode == 0, result.ToString());
        using var session = new InferenceSession(Base);
        var tokenizer = TextTokenizer.Load(_folder.Path);
        using var expected = JsonDocument.Parse(File.ReadAllBytes(Golden.Path("mixed-adapters", "expected.json")));
        foreach (var entry in expected.RootElement.GetProperty("cases").EnumerateArray())
        {
            var ids = tokenizer.Encode(entry.GetProperty("text").GetString()!, 512, Truncation.Head).Ids;
            var logits = Run(session, ids, entry.GetProperty("adapter").GetString());

            var golden = entry.GetProperty("logits").EnumerateArray().Select(value => value.GetDouble()).ToArray();
            Assert.Equal(golden.Length, logits.Length);
            Assert.All(golden.Zip(logits), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        }
    }

    [Fact]
    public void Several_adapters_are_active_at_once_where_their_tensors_are_not_the_same()
    {
        using var model = new TinyModel();
        var (first, second) = (TinyAdapter.Write(model, "first", 1, ["q_lin"]), TinyAdapter.Write(model, "second", 2, ["v_lin"]));
        var result = Merge(model.Checkpoint, ["--adapter", first, "--adapter", $"{second}:0.5"]);
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal(3, result.Error.Split('\n').Count(line => line.StartsWith("proven: ", StringComparison.Ordinal)));

        using var session = new InferenceSession(Base);
        using var options = new RunOptions();
        using var one = OrtLoraAdapter.Create(Path.Combine(_folder.Path, "first.onnx_adapter"), null);
        using var two = OrtLoraAdapter.Create(Path.Combine(_folder.Path, "second.onnx_adapter"), null);
        options.AddActiveLoraAdapter(one);
        options.AddActiveLoraAdapter(two);
        var ids = TinyModel.Ids(9, 1);
        var together = Run(session, ids, options);

        var weights = model.Weights;
        var (merged, _) = AdapterFold.Fold(
            weights, [(LoraAdapter.Load(first, weights.Config), 1), (LoraAdapter.Load(second, weights.Config), 0.5)], 1);
        using var file = TextClassifier.FromWeights(merged, model.Checkpoint, new InferenceOptions { Device = ComputeDevice.Cpu });
        var expected = file.Run([new EncodedText(ids, ids.Length)], TestContext.Current.CancellationToken)[0];
        Assert.All(expected.Zip(together), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
    }

    [Fact]
    public void The_file_is_the_base_for_lora_serve_too_and_labels_of_another_task_stand_beside_it()
    {
        Assert.Equal(0, Merge(["--adapter", Golden.Path("mixed-adapters", "adapters", "stars"), "--no-verify"]).ExitCode);

        using var served = TextClassifier.Load(Base, new InferenceOptions { Device = ComputeDevice.Cpu });
        var raw = Checkpoint.Open(Golden.DemoModel).LoadWeights();
        using var expected = TextClassifier.FromWeights(raw, Golden.DemoModel, new InferenceOptions { Device = ComputeDevice.Cpu });
        EncodedText[] texts = [served.Encode("a good film"), served.Encode("two hours of a slow and dull story")];
        Assert.Equal(expected.Run(texts, TestContext.Current.CancellationToken), served.Run(texts, TestContext.Current.CancellationToken));
        File.Move(Path.Combine(_folder.Path, "stars.config.json"), Path.Combine(_folder.Path, ModelConfig.FileName), overwrite: true);
        Assert.Equal(5, ModelConfig.Load(_folder.Path).Task.Labels.Count);
    }

    [Theory]
    [InlineData("--base-with-adapters writes a base in fp32 and its adapters: it takes --run, or --model with --adapter")]
    [InlineData("two adapters are named first", "--adapter", "FIRST", "--adapter", "FIRST:0.5")]
    [InlineData("the adapter first changes nothing", "--adapter", "FIRST:0")]
    [InlineData("neither --head, --layout, --precision, --save-checkpoint nor --json", "--adapter", "FIRST", "--precision", "int8")]
    [InlineData("--training-artifacts or --checkpoint", "--adapter", "FIRST", "--training-artifacts", "FIRST/device")]
    public void What_cannot_be_written_is_said_and_nothing_is_left(string message, params string[] arguments)
    {
        using var model = new TinyModel();
        var first = TinyAdapter.Write(model, "first", 1);
        var before = Directory.GetFileSystemEntries(_folder.Path).Length;

        var result = Merge(model.Checkpoint, [.. arguments.Select(argument => argument.Replace("FIRST", first, StringComparison.Ordinal))]);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
        Assert.Equal(before, Directory.GetFileSystemEntries(_folder.Path).Length);
    }

    private CommandResult Merge(string[] arguments) => Merge(Golden.DemoModel, arguments);

    private CommandResult Merge(string model, string[] arguments) =>
        Command.Run(Repository.Path("bin", "lora-merge"), ["--model", model, "--base-with-adapters", "--out", Base, .. arguments]);

    private float[] Run(InferenceSession session, int[] ids, string? name)
    {
        using var options = new RunOptions();
        using var adapter = name is null ? null : OrtLoraAdapter.Create(Path.Combine(_folder.Path, $"{name}.onnx_adapter"), null);
        if (adapter is not null)
        {
            options.AddActiveLoraAdapter(adapter);
        }

        return Run(session, ids, options);
    }

    internal static float[] Run(InferenceSession session, int[] ids, RunOptions options)
    {
        using var tokens = OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(ids, id => (long)id), [1, ids.Length]);
        using var mask = OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(ids, _ => 1L), [1, ids.Length]);
        using var outputs = session.Run(options, _inputs, [tokens, mask], _outputs);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
