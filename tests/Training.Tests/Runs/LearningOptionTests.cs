using System.Globalization;
using System.Text.Json;
using LoraOnnx.Model.Adapters.Kinds;
using LoraOnnx.Model.Safetensors;
using LoraOnnx.Texts;

namespace LoraOnnx.Training.Tests.Runs;

/// <summary>Each option of learning does what it says, seen in what a run leaves.</summary>
public sealed class LearningOptionTests : IDisposable
{
    private readonly TinyTask _task = new();
    private int _runs;

    public void Dispose() => _task.Dispose();

    [Fact]
    public void LoRA_plus_moves_B_by_its_ratio()
    {
        const float Ratio = 16;
        string[] oneStep = ["--batch-size", "48", "--epochs", "1", "--warmup", "0", "--dropout", "false", "--lr", "1e-3"];

        var plain = Train(oneStep);
        var plus = Train([.. oneStep, "--lora-plus-ratio", "16"]);

        // B starts at 0, so AdamW's first step is the rate times the sign of the gradient, and nothing decays.
        foreach (var (one, other) in plain.Adapter!.Modules.Zip(plus.Adapter!.Modules))
        {
            Assert.Equal(one.A.Values, other.A.Values);
            Assert.All(one.B.Values.Zip(other.B.Values), pair => Assert.Equal(Ratio * pair.First, pair.Second, 1e-7f));
            Assert.Contains(one.B.Values, value => value != 0);
        }
    }

    [Fact]
    public void RsLoRA_scales_by_the_root_of_the_rank()
    {
        var modules = Train("--rank", "4", "--alpha", "6", "--rslora").Adapter!.Modules;

        Assert.All(modules, module => Assert.Equal(6 / Math.Sqrt(4), module.Scale, 1e-12));
    }

    [Fact]
    public void New_adapters_start_as_peft_does_or_from_the_normal_distribution()
    {
        string[] still = ["--lr", "1e-12", "--epochs", "1", "--rank", "16"];

        var peft = Train(still).Adapter!.Modules.SelectMany(module => module.A.Values).ToList();
        var original = Train([.. still, "--init", "original"]).Adapter!.Modules.SelectMany(module => module.A.Values).ToList();

        // Uniform in ±1/sqrt(32); standard normal. 3,072 values: the standard error of the deviation is about 1 %.
        Assert.All(peft, value => Assert.InRange(Math.Abs(value), 0, 1 / Math.Sqrt(32)));
        Assert.Equal(1 / Math.Sqrt(3 * 32), Deviation(peft), 0.01);
        Assert.Equal(1, Deviation(original), 0.05);
    }

    [Fact]
    public void DoRA_trains_a_magnitude_for_every_output_row()
    {
        var before = Train("--dora", "--lr", "1e-12", "--epochs", "1").Adapter!.Modules;
        var after = Train("--dora", "--lr", "0.01", "--epochs", "1").Adapter!.Modules;

        foreach (var (start, end) in before.Zip(after))
        {
            Assert.Equal(32, start.Part(AdapterPart.Magnitude)!.Values.Length);
            Assert.NotEqual(start.Part(AdapterPart.Magnitude)!.Values, end.Part(AdapterPart.Magnitude)!.Values);
        }
    }

    [Fact]
    public void Accumulated_batches_make_one_step()
    {
        Assert.Equal(2 * 12, Train("--batch-size", "4", "--epochs", "2").Record.Steps);
        Assert.Equal(2 * 4, Train("--batch-size", "4", "--epochs", "2", "--gradient-accumulation", "3").Record.Steps);
    }

    [Fact]
    public void Accumulation_gives_the_step_of_the_large_batch()
    {
        string[] oneStep = ["--epochs", "1", "--warmup", "0", "--dropout", "false"];

        var large = Train([.. oneStep, "--batch-size", "48"]).Steps.Single();
        var accumulated = Train([.. oneStep, "--batch-size", "4", "--gradient-accumulation", "12"]).Steps.Single();

        // fp32 sums in another order.
        Assert.Equal(large.GetProperty("loss").GetDouble(), accumulated.GetProperty("loss").GetDouble(), 1e-5);
        Assert.Equal(large.GetProperty("gradient_norm").GetDouble(), accumulated.GetProperty("gradient_norm").GetDouble(), 1e-5);
    }

    [Fact]
    public void Patience_ends_a_run_that_no_longer_gets_better()
    {
        var run = Train("--lr", "1e-12", "--epochs", "10", "--eval-per-epoch", "1", "--patience", "2");

        // At this rate nothing but the last bit of a number moves: the first evaluation is the best one, or as good as the second and third.
        Assert.Equal(3, run.Display.Evaluations.Count);
        Assert.Contains(run.Display.Notes, note => note.Contains("no better F1 in 2 evaluations", StringComparison.Ordinal));
        Assert.Equal(3 * 3, run.Record.Steps);
        Assert.True(run.Record.Finished);
    }

    [Theory]
    [InlineData("3", 4, 12)]
    [InlineData("0.5", 4, 2)]
    [InlineData("0.01", 4, 1)]
    public void So_many_evaluations_an_epoch_are_made(string perEpoch, int epochs, int expected)
    {
        var run = Train("--batch-size", "4", "--epochs", $"{epochs}", "--eval-per-epoch", perEpoch);

        Assert.Equal(expected, run.Display.Evaluations.Count);
        Assert.Equal(run.Record.Steps, run.Display.Evaluations[^1].Metrics.Step);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.2)]
    public void The_loss_is_cross_entropy_with_the_target_smoothed(double smoothing)
    {
        var run = Train("--batch-size", "48", "--epochs", "1", "--dropout", "false", "--lr", "1e-12", "--label-smoothing",
            smoothing.ToString(CultureInfo.InvariantCulture));

        var texts = LabelledTexts.ReadAll(_task.Train, Model.Configuration.ModelConfig.Load(_task.Model).Task);
        var expected = run.ManagedLogits(texts.Select(text => text.Text)).Zip(texts).Average(pair =>
        {
            var log = LogSoftmax(pair.First);
            return -((1 - smoothing) * log[pair.Second.Labels[0]]) - (smoothing * log.Average());
        });
        Assert.Equal(expected, run.Steps.Single().GetProperty("loss").GetDouble(), 1e-5);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.2)]
    public void A_multi_label_model_learns_with_binary_cross_entropy_of_each_label(double smoothing)
    {
        using var model = new TinyModel(new TinyModelOptions { Labels = ["good", "long", "funny"], ProblemType = "multi_label_classification" });
        var train = Path.Combine(_task.Folder, "multi.jsonl");
        string[] rows =
            ["""{"text": "a good film", "label": ["good"]}""", """{"text": "a long story", "label": [1]}""",
                """{"text": "funny and good", "label": [1.0, 0.0, 1.0]}""", """{"text": "the plot", "label": []}"""];
        File.WriteAllLines(train, rows);

        var still = TrainedRun.Train("--model", model.Checkpoint, "--train", train, "--out", _task.Run, "--threads", "1", "--precision", "fp32",
            "--batch-size", "4", "--epochs", "1", "--dropout", "false", "--lr", "1e-12",
            "--label-smoothing", smoothing.ToString(CultureInfo.InvariantCulture));

        var texts = LabelledTexts.ReadAll(train, model.Config.Task);
        var expected = still.ManagedLogits(texts.Select(text => text.Text)).Zip(texts).Average(pair => pair.First.Select((logit, label) =>
        {
            var target = ((1 - smoothing) * (pair.Second.Labels.Contains(label) ? 1 : 0)) + (smoothing / 2);
            return -(target * Math.Log(1 / (1 + Math.Exp(-logit)))) - ((1 - target) * Math.Log(1 / (1 + Math.Exp(logit))));
        }).Average());
        Assert.Equal(expected, still.Steps.Single().GetProperty("loss").GetDouble(), 1e-5);
        var learnt = TrainedRun.Train(
            "--model", model.Checkpoint, "--train", train, "--validation", train, "--out", _task.Run + "2", "--threads", "1", "--precision", "fp32",
            "--method", "lora+head", "--epochs", "60", "--lr", "0.01");
        Assert.True(learnt.Record.Validation!.F1 > 0.99, $"F1 is {learnt.Record.Validation.F1}.");
    }

    [Fact]
    public void A_multi_label_model_that_gives_no_text_a_label_says_so()
    {
        using var model = new TinyModel(new TinyModelOptions { Labels = ["good", "long", "funny"], ProblemType = "multi_label_classification" });
        var train = Path.Combine(_task.Folder, "none.jsonl");
        File.WriteAllLines(train, new[] { "a good film", "a long story", "the plot" }.Select(text => $$"""{"text": "{{text}}", "label": []}"""));

        var run = TrainedRun.Train("--model", model.Checkpoint, "--train", train, "--validation", train, "--out", _task.Run, "--threads", "1",
            "--precision", "fp32", "--method", "head", "--epochs", "60", "--lr", "0.01");

        Assert.Contains("the trained model answers every validation text with no label.", run.Display.Warnings);
    }

    [Theory]
    [InlineData("10", true)]
    [InlineData("1e-9", false)]
    public void A_head_that_makes_the_adapters_worse_is_told(string headRate, bool isWorse)
    {
        var run = Train("--method", "lora+head", "--lora-epochs", "12", "--head-epochs", "1", "--lr", "0.01", "--lr-head", headRate, "--warmup", "0",
            "--clip", "0");

        Assert.Equal(
            isWorse, run.Display.Warnings.Any(warning => warning.StartsWith("with the new head validation F1 is ", StringComparison.Ordinal)));
    }

    [Fact]
    public void Long_texts_are_cut_at_the_head_the_tail_or_both()
    {
        File.WriteAllLines(_task.Train,
            Enumerable.Range(0, 8).Select(
                index => JsonSerializer.Serialize(new { text = "good fine great bad poor awful the film was a and plot", label = index % 2 })));
        string[] still = ["--max-length", "10", "--epochs", "1", "--lr", "1e-12", "--batch-size", "8", "--dropout", "false"];
        string[] kept = ["good fine great bad poor awful the film", "poor awful the film was a and plot", "good fine the film was a and plot"];

        foreach (var (rule, text) in new[] { "head", "tail", "head+tail" }.Zip(kept))
        {
            var run = Train([.. still, "--truncate", rule]);

            Assert.Equal(rule, run.Record.Truncate);
            Assert.Equal((8, 8 * 10L), (run.Record.Data[0].CutTexts, run.Record.Data[0].Tokens));
            var log = LogSoftmax(run.ManagedLogits([text])[0]);
            Assert.Equal(-(log[0] + log[1]) / 2, run.Steps.Single().GetProperty("loss").GetDouble(), 1e-5);
        }
    }

    [Fact]
    public void The_best_weights_are_kept_although_later_ones_are_worse()
    {
        // A rate this high makes validation F1 go up and down.
        var run = Train("--method", "lora+head", "--batch-size", "4", "--epochs", "6", "--lr", "0.1", "--warmup", "0");

        var best = run.Display.Evaluations.Last(evaluation => evaluation.IsBest).Metrics;
        Assert.Equal(run.Display.Evaluations.Max(evaluation => evaluation.Metrics.F1), best.F1);
        Assert.Equal(best.Step, run.Record.Best!.Step);
        Assert.Equal(best.F1, run.Record.Validation!.F1, 1e-9);
        Assert.Equal(run.Display.Evaluations[^1].Metrics.Step, run.Record.Last!.Step);
    }

    [Fact]
    public void A_model_that_gives_every_text_one_answer_is_called_out()
    {
        SetHeadBias(10, -10);

        var run = Train("--lr", "1e-12", "--epochs", "1");

        Assert.Contains(run.Display.Warnings,
            warning => warning.Contains("every validation text was answered with NEGATIVE", StringComparison.Ordinal));
        Assert.Contains(run.Display.Warnings,
            warning => warning.Contains("the trained model answers every validation text with NEGATIVE", StringComparison.Ordinal));
    }

    [Fact]
    public void The_published_experiment_runs_on_a_small_file()
    {
        var options = Training.Options.OriginalPreset.Options with
        {
            Model = _task.Model,
            Train = _task.Train,
            Out = _task.Run,
            Threads = 1,
            Epochs = 2,
            Precision = Training.Options.BasePrecisionChoice.Fp32,
        };

        var run = TrainedRun.Train(options);

        // 10,000 and 1,000 shrink to the 48 texts that are there; batches of 32; rate 2e-5 falling from the first step; rank 8 and alpha 1.
        Assert.Equal([44, 4], run.Record.Data.Select(data => data.Texts));
        Assert.Equal(4, run.Record.Steps);
        Assert.Equal(2e-5, run.Steps.First().GetProperty("learning_rate").GetDouble(), 1e-12);
        Assert.All(run.Adapter!.Modules, module => Assert.Equal(1.0 / 8, module.Scale, 1e-12));
    }

    private TrainedRun Train(params string[] options) => TrainedRun.Train(_task.Arguments($"{_task.Run}{++_runs}", options));

    private void SetHeadBias(params float[] bias)
    {
        var path = Path.Combine(_task.Model, "model.safetensors");
        List<NamedTensor> tensors;
        using (var file = SafetensorsFile.Open(path))
        {
            tensors = [.. file.Names.Select(file.Read)];
        }

        SafetensorsWriter.Write(path,
            tensors.Select(tensor => tensor.Name == "classifier.bias" ? new NamedTensor(tensor.Name, tensor.Shape, bias) : tensor));
    }

    private static double[] LogSoftmax(float[] logits)
    {
        var sum = Math.Log(logits.Sum(logit => Math.Exp(logit)));
        return [.. logits.Select(logit => logit - sum)];
    }

    private static double Deviation(List<float> values) => Math.Sqrt(values.Average(value => (double)value * value));
}
