using LoraOnnx.Model.Runs;
using LoraOnnx.Training.Display;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Loop;
using LoraOnnx.Training.Options;
using LoraOnnx.Training.Recording;
using LoraOnnx.Training.Steps;

namespace LoraOnnx.Training.Tests;

public sealed class StepReportsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("reports-").FullName;
    private readonly StringWriter _screen = new();

    public void Dispose()
    {
        _screen.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData(float.NaN, 1)]
    [InlineData(1, float.PositiveInfinity)]
    public void A_loss_or_gradient_that_is_not_finite_stops_training_and_names_the_step(float loss, float gradient)
    {
        using var folder = RunFolder.Open(_folder, resume: true, overwrite: false);
        using var log = new RunLog(folder, null, TimeProvider.System);
        var reports = Reports(log, readEvery: 3);
        reports.Add(Result(0.5f, 1), default, new RunProgress { PhaseStep = 1, Step = 1 });
        reports.Add(Result(loss, gradient), default, new RunProgress { PhaseStep = 2, Step = 2 });

        var error = Assert.Throws<InputException>(reports.Flush);

        Assert.Contains("step 2", error.Message);
        Assert.Contains("checkpoint", error.Hint);
    }

    [Fact]
    public void Results_are_read_only_when_it_is_time()
    {
        using var folder = RunFolder.Open(_folder, resume: true, overwrite: false);
        using var log = new RunLog(folder, null, TimeProvider.System);
        var reads = 0;
        var reports = Reports(log, readEvery: 2);
        StepResult Counted() => new(4, () => (++reads, 1)) { Tokens = 40 };

        reports.Add(Counted(), default, new RunProgress { PhaseStep = 1, Step = 1 });
        Assert.Equal(0, reads);

        reports.Add(Counted(), default, new RunProgress { PhaseStep = 2, Step = 2 });
        Assert.Equal(2, reads);
        log.Flush(toDisk: false);
        Assert.Equal(2, File.ReadAllLines(Path.Combine(_folder, "metrics.jsonl")).Length);
    }

    [Fact]
    public void Equal_F1_is_decided_by_loss()
    {
        var metrics = new RunMetrics { Step = 1, Epoch = 1, Loss = 0.5, F1 = 0.9, Accuracy = 0, MacroF1 = 0, Precision = 0, Recall = 0 };

        Assert.True(Evaluation.IsBetter(metrics, null));
        Assert.True(Evaluation.IsBetter(metrics with { F1 = 0.91, Loss = 0.6 }, metrics));
        Assert.True(Evaluation.IsBetter(metrics with { Loss = 0.4 }, metrics));
        Assert.False(Evaluation.IsBetter(metrics, metrics));
    }

    private StepReports Reports(RunLog log, int readEvery) =>
        new(new TrainingPhase(new AdapterPhase(1, 2, 1), new StepPlan([3, 4, 5], new BatchSize(1, null), 1, 1), Effective.Of(new TrainingOptions())),
            log, new PlainDisplay(_screen), Path.Combine(_folder, "none"), readEvery);

    private static StepResult Result(float loss, float gradient) => new(4, () => (loss, gradient)) { Tokens = 40 };
}
