using System.Text.Json;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Safetensors;
using LoraOnnx.Model.Sampling;

namespace LoraOnnx.Training.Tests.Runs;

/// <summary>A run that says it trained has trained.</summary>
public sealed class LearntSomethingTests : IDisposable
{
    private readonly TinyTask _task = new();

    public void Dispose() => _task.Dispose();

    [Theory]
    [InlineData("lora")]
    [InlineData("head")]
    [InlineData("lora+head")]
    public void A_run_of_one_step_learns(string method)
    {
        var run = Train("--method", method, "--batch-size", "48", "--epochs", "1");

        Assert.Equal(1, run.Record.Steps);
        Assert.True(run.Steps.Single().GetProperty("learning_rate").GetDouble() > 0);
        Assert.Equal(1, run.Record.Best!.Step);
        Assert.All(run.Adapter?.Modules ?? [], module => Assert.Contains(module.B.Values, value => value != 0));
    }

    [Theory]
    [InlineData("--batch-size", "24")]
    [InlineData("--gradient-accumulation", "65536")]
    public void No_step_of_a_short_run_has_rate_0(params string[] options) =>
        Assert.All(Train([.. options, "--epochs", "2", "--warmup", "0.5"]).Steps,
            step => Assert.True(step.GetProperty("learning_rate").GetDouble() > 0));

    [Fact]
    public void A_run_that_changes_nothing_fails_with_the_reason_and_keeps_nothing()
    {
        // A head that is sure beyond fp32: the loss and every gradient are 0. The one text of another class is not among those that are trained on.
        SetHeadBias(-1e4f, 1e4f);
        var other = NumpyPermutation.Of(42, 9)[^1];
        File.WriteAllLines(_task.Train,
            Enumerable.Range(0, 9).Select(row => JsonSerializer.Serialize(new { text = "good film", label = row == other ? 0 : 1 })));

        var error = Assert.Throws<InputException>(() => Train("--epochs", "2", "--dropout", "false", "--train-limit", "8"));

        Assert.Contains("nothing was learnt", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_task.Run, "adapter")));
    }

    [Fact]
    public void A_head_of_rate_0_stays_as_it_began_and_is_kept()
    {
        var run = Train("--method", "lora+head", "--lr-head", "0", "--epochs", "1");

        Assert.NotNull(run.Run.HeadDirectory);
        var weights = Checkpoint.Open(_task.Model).LoadWeights();
        Assert.All(run.Adapter!.Replacements, tensor => Assert.Equal(weights[tensor.Name].Values, tensor.Values));
    }

    [Fact]
    public void A_new_head_and_adapters_start_from_numbers_of_their_own()
    {
        TakeHeadAway();

        var run = Train("--method", "lora+head", "--init", "original", "--lr", "1e-12", "--lr-head", "0", "--epochs", "1", "--rank", "32");

        // N(0, 1) and N(0, 0.02²): of one stream, A would be 50 times the head.
        var a = run.Adapter!.Modules[0].A.Values;
        var head = run.Adapter.Replacements.Single(tensor => tensor.Name == "pre_classifier.weight").Values;
        Assert.DoesNotContain(a.Zip(head), pair => Math.Abs(pair.First - (50 * pair.Second)) < 1e-4f * Math.Abs(pair.First));
        Assert.Equal("gaussian", Config(run).GetProperty("init_lora_weights").GetString());
    }

    [Fact]
    public void Adapters_that_start_as_peft_does_say_so() =>
        Assert.True(Config(Train("--epochs", "1")).GetProperty("init_lora_weights").GetBoolean());

    [Fact]
    public void Validation_texts_without_positives_are_warned_of_once()
    {
        File.WriteAllLines(_task.Validation, ["""{"text": "bad film", "label": 0}""", """{"text": "the poor plot", "label": 0}"""]);

        var run = Train("--epochs", "3", "--eval-per-epoch", "3");

        Assert.Single(run.Display.Warnings,
            warning => warning.StartsWith("no validation text has the label POSITIVE, so F1", StringComparison.Ordinal));
        Assert.Equal(run.Display.Warnings.Distinct(), run.Display.Warnings);
    }

    private static JsonElement Config(TrainedRun run) =>
        JsonDocument.Parse(File.ReadAllBytes(Path.Combine(run.Run.AdapterDirectory!, "adapter_config.json"))).RootElement;

    private TrainedRun Train(params string[] options) => TrainedRun.Train(_task.Arguments(_task.Run, options));

    private void SetHeadBias(params float[] bias) =>
        Rewrite(tensor => tensor.Name == "classifier.bias" ? new NamedTensor(tensor.Name, tensor.Shape, bias) : tensor);

    private void TakeHeadAway() => Rewrite(tensor => tensor.Name.Contains("classifier", StringComparison.Ordinal) ? null : tensor);

    private void Rewrite(Func<NamedTensor, NamedTensor?> change)
    {
        var weights = Checkpoint.Open(_task.Model).LoadWeights();
        SafetensorsWriter.Write(Path.Combine(_task.Model, "model.safetensors"), weights.Tensors.Select(change).OfType<NamedTensor>());
    }
}
