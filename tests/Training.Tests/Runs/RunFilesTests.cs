using System.Buffers.Binary;
using System.Text.RegularExpressions;
using LoraOnnx.Model.Reference;
using LoraOnnx.Model.Runs;
using LoraOnnx.Texts;
using LoraOnnx.Training.Recording;
using LoraOnnx.Training.Recording.TensorBoard;

namespace LoraOnnx.Training.Tests.Runs;

/// <summary>Whatever is trained, the files of the run give the logits that training left for the reference texts, and the F1 that it
/// reported.</summary>
public sealed class RunFilesTests : IDisposable
{
    private readonly TinyTask _task = new();

    public void Dispose() => _task.Dispose();

    [Theory]
    [InlineData("--method", "lora", "--rank", "2")]
    [InlineData("--method", "lora", "--rslora", "--rank", "4", "--alpha", "3")]
    [InlineData("--method", "lora", "--dora", "--seed", "18446744073709551615")]
    [InlineData("--method", "lora", "--init", "original", "--alpha", "1", "--rank", "1")]
    [InlineData("--method", "lora", "--targets", "all-linear", "--lora-dropout", "0.1")]
    [InlineData("--method", "lora", "--targets", "lin1,lin2", "--lora-plus-ratio", "8")]
    [InlineData("--method", "lora", "--truncate", "tail", "--max-length", "8")]
    [InlineData("--method", "lora", "--truncate", "head+tail", "--max-length", "8")]
    [InlineData("--method", "head")]
    [InlineData("--method", "lora+head", "--label-smoothing", "0.1")]
    [InlineData("--method", "lora+head", "--dora", "--lora-epochs", "2", "--head-epochs", "2")]
    public void The_files_of_a_run_are_the_model_that_was_trained(params string[] options)
    {
        const double Tolerance = 1e-4; // fp32 sums in another order, at logits of about 3

        var run = TrainedRun.Train(_task.Arguments(_task.Run, ["--lr", "0.01", .. options]));

        var expected = run.Run.ReadReferenceLogits();
        Assert.NotNull(expected);
        AssertClose(expected, run.ManagedLogits(ReferenceTexts.All), Tolerance);
        var texts = LabelledTexts.ReadAll(_task.Validation, Model.Configuration.ModelConfig.Load(_task.Model).Task);
        var right = run.ManagedLogits(texts.Select(text => text.Text)).Zip(texts)
            .Count(pair => (pair.First[1] > pair.First[0] ? 1 : 0) == pair.Second.Labels[0]);
        Assert.Equal((double)right / texts.Count, run.Record.Validation!.Accuracy, 1e-9);
        Assert.Equal(run.Record.Best!.F1, run.Record.Validation.F1, 1e-9);
        Assert.Equal(run.Display.Evaluations.Max(evaluation => evaluation.Metrics.F1), run.Record.Best.F1);
    }

    [Fact]
    public void The_raw_model_is_measured_before_the_first_step()
    {
        var run = TrainedRun.Train(_task.Arguments(_task.Run, "--epochs", "1", "--test", _task.Validation, "--feature-cache-gib", "0"));

        Assert.Equal(["raw validation", "raw test", "step"],
            run.Lines.Take(3)
                .Select(line => line.GetProperty("kind")
                    .GetString() + (line.TryGetProperty("texts", out var texts) && texts.ValueKind == System.Text.Json.JsonValueKind.String
                        ? $" {texts}"
                        : "")));
        Assert.StartsWith("measuring the raw model: ", run.Display.Preparations[0].What, StringComparison.Ordinal);
        Assert.Contains(run.Display.Notes, note => note.StartsWith("raw model, validation: F1 ", StringComparison.Ordinal));
        Assert.Equal(run.Record.Raw!.F1, run.Lines[0].GetProperty("f1").GetDouble());
        Assert.True(run.Record is { StartUpSeconds: > 0, PeakMemoryBytes: > 0, Finished: true });
    }

    [Fact]
    public void A_run_killed_before_its_first_checkpoint_logs_the_raw_figures_all_the_same()
    {
        var options = _task.Arguments(_task.Run, "--epochs", "1");
        var whole = TrainedRun.Train(options);
        var metrics = TinyTask.Metrics(_task.Run);
        var events = Path.GetFileName(Directory.GetFiles(Path.Combine(_task.Run, "tensorboard")).Single());

        // As kill -9 leaves it: the raw figures are in run.json, and the line of the log was not on the disk yet.
        foreach (var folder in (string[])["checkpoints", "adapter"])
        {
            Directory.Delete(Path.Combine(_task.Run, folder), recursive: true);
        }

        File.WriteAllText(Path.Combine(_task.Run, "metrics.jsonl"), "");
        File.Move(Path.Combine(_task.Run, "tensorboard", events),
            Path.Combine(_task.Run, "tensorboard", $"{RunLog.EventsPrefix}1.host.1{RunLog.EventsSuffix}"));
        RunDirectory.WriteRecord(_task.Run, whole.Record with { Steps = 0, Best = null, Last = null, Validation = null, Finished = false });
        TrainedRun.Train(options, resume: true);

        Assert.Equal(metrics, TinyTask.Metrics(_task.Run));
        Assert.Single(Directory.GetFiles(Path.Combine(_task.Run, "tensorboard")));
    }

    [Fact]
    public void The_report_has_its_curves_and_needs_no_network()
    {
        TrainedRun.Train(_task.Arguments(_task.Run, "--epochs", "2"));

        var page = File.ReadAllText(Path.Combine(_task.Run, "report.html"));

        Assert.Equal(["Gradient norm before clipping", "Learning rate", "Loss", "Real tokens a second", "Validation texts"],
            Regex.Matches(page, "<svg [^>]*aria-label=\"([^\"]*)\"").Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal));
        Assert.True(Regex.Count(page, "<polyline [^>]*points=\"[0-9]") >= 5, "A chart has no curve.");
        Assert.DoesNotMatch("(src|href)=(?!\"#)|url\\(|@import|<script", page);
    }

    [Theory]
    [InlineData(4, "--method", "head", "--epochs", "4")]
    [InlineData(5, "--method", "lora+head", "--lora-epochs", "2", "--head-epochs", "3")]
    public void Tokens_count_in_every_epoch_whatever_learns_and_whatever_is_cached(int epochs, params string[] options)
    {
        TrainedRun.Train(_task.Arguments(_task.Run, options));
        var run = TrainedRun.Train(_task.Arguments(Path.Combine(_task.Folder, "again"), options));

        Assert.Equal(epochs * run.Record.Data[0].Tokens, run.Record.TrainedTokens);
        Assert.Equal(run.Record.TrainedTokens, run.Steps.Sum(step => step.GetProperty("tokens").GetInt64()));
        Assert.All(run.Steps, step => Assert.True(step.GetProperty("tokens_per_second").GetDouble() > 0, $"no speed in {step}"));
    }

    [Fact]
    public void A_sequential_run_counts_the_steps_of_each_phase_on_the_screen_and_has_a_chart_of_the_speed_of_each()
    {
        var run = TrainedRun.Train(
            _task.Arguments(_task.Run, "--method", "lora+head", "--lora-epochs", "2", "--head-epochs", "1", "--eval-per-epoch", "1"));

        Assert.Equal([3, 6, 3], run.Display.Evaluations.Select(evaluation => evaluation.Metrics.Step)); // 48 texts are three batches
        var page = File.ReadAllText(Path.Combine(_task.Run, "report.html"));
        Assert.Contains("aria-label=\"Real tokens a second, lora\"", page, StringComparison.Ordinal);
        Assert.Contains("aria-label=\"Real tokens a second, head\"", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_record_of_the_event_file_is_framed_as_TensorBoard_demands_and_has_the_figures_of_metrics_jsonl()
    {
        var run = TrainedRun.Train(_task.Arguments(_task.Run, "--epochs", "1"));
        var bytes = File.ReadAllBytes(Directory.GetFiles(Path.Combine(_task.Run, "tensorboard")).Single());

        var records = new List<byte[]>();
        for (var at = 0; at < bytes.Length;)
        {
            var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at));
            Assert.Equal(TfRecord.MaskedCrc(bytes.AsSpan(at, 8)), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 8)));
            Assert.Equal(TfRecord.MaskedCrc(bytes.AsSpan(at + 12, length)), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 12 + length)));
            records.Add(bytes[(at + 12)..(at + 12 + length)]);
            at += length + 16;
        }

        Assert.EndsWith("brain.Event:2", System.Text.Encoding.UTF8.GetString(records[0]), StringComparison.Ordinal);
        Assert.Equal(run.Lines.Count + 1, records.Count);
        var events = System.Text.Encoding.UTF8.GetString(bytes);
        Assert.All(["train/loss", "train/gradient_norm", "train/learning_rate", "machine/tokens_per_second", "machine/memory_bytes", "validation/f1",
            "raw_validation/f1", "final_validation/f1"], tag => Assert.Contains(tag, events, StringComparison.Ordinal));
    }

    private static void AssertClose(IReadOnlyList<float[]> expected, List<float[]> actual, double tolerance)
    {
        Assert.Equal(expected.Count, actual.Count);
        var largest = expected.Zip(actual).Max(pair => pair.First.Zip(pair.Second).Max(logits => Math.Abs((double)logits.First - logits.Second)));
        Assert.True(largest <= tolerance, $"logits differ by {largest:g4}, allowed {tolerance:g4}.");
    }
}
