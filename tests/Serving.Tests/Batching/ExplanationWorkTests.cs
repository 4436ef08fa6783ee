using LoraOnnx.Inference;
using LoraOnnx.Inference.Explanations;
using LoraOnnx.Model;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Serving.Admission;
using LoraOnnx.Serving.Batching;
using LoraOnnx.Serving.Models;
using LoraOnnx.Serving.Telemetry;
using LoraOnnx.Serving.Tests.Support;

namespace LoraOnnx.Serving.Tests.Batching;

/// <summary>What explanations cost before they run, on a clock that stands still and an engine of 1,000 tokens a second.</summary>
public sealed class ExplanationWorkTests : IDisposable
{
    private const double TokensPerSecond = 1000;

    private readonly ManualTime _time = new();
    private readonly ServingMetrics _metrics = new();
    private readonly TestEngine _engine = new();
    private readonly List<IDisposable> _made = [];
    private int _opened;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        Enumerable.Reverse(_made).ToList().ForEach(made => made.Dispose());
        _metrics.Dispose();
    }

    [Fact]
    public async Task They_wait_with_the_other_batches_and_are_refused_before_anything_is_read()
    {
        var (work, explanations) = Work(new ModelRuntime(TestServer.Options, new WorkerPlan(1, 1), _metrics, _time));
        using var other = work.EnterBulk(1_000_000, 10, long.MaxValue).Entry;

        var (explanation, refusal) = await explanations.ExplainAsync("a good film", 1, 5, Truncation.Head, long.MaxValue, Cancel);

        Assert.Equal((null, RefusalReason.QueueFull, 0), (explanation, refusal!.Reason, _opened));
    }

    [Fact]
    public async Task Time_for_the_text_alone_is_too_little()
    {
        var (_, explanations) = Work(new ModelRuntime(TestServer.Options, new WorkerPlan(1, 1), _metrics, _time));

        var (explanation, refusal) = await explanations.ExplainAsync(
            "a good film", 1, 5, Truncation.Head, _time.In(2 * TimeSpan.FromSeconds(5 / TokensPerSecond)), Cancel);

        Assert.Equal((null, RefusalReason.DeadlinePassed, 0), (explanation, refusal!.Reason, _opened));
    }

    [Fact]
    public async Task Where_the_time_ends_the_rough_picture_is_the_answer_and_says_so()
    {
        const string Text = "Two hours of a slow, dull and badly acted story that I would not wish on anybody, but the music was fine.";
        var tokens = TestEngine.Encode(Text).Ids.Length;
        var (work, explanations) = Work(new ModelRuntime(TestServer.Options, new WorkerPlan(1, 1), _metrics, _time));
        var enough = TimeSpan.FromSeconds(1.01 * TextExplainer.CostInTokens(tokens, TextExplainer.FewestSteps) / TokensPerSecond);

        var (rough, _) = await explanations.ExplainAsync(Text, 0, tokens, Truncation.Head, _time.In(enough), Cancel);
        var (fine, _) = await explanations.ExplainAsync(Text, 0, tokens, Truncation.Head, long.MaxValue, Cancel);

        Assert.Equal(TextExplainer.FewestSteps, rough!.Steps);
        Assert.StartsWith("The attributions sum up to", rough.Warning, StringComparison.Ordinal);
        Assert.True(fine!.Steps > rough.Steps && fine.Gap < rough.Gap, $"gap {rough.Gap:G3}, then {fine.Gap:G3} in {fine.Steps} steps");
        Assert.Equal((0, 1), (work.Load.WaitingBulk, _opened));
    }

    private (ModelWork Work, ExplanationWork Explanations) Work(ModelRuntime runtime)
    {
        var engine = _engine.Load("model") with { OpenExplainer = Open };
        var work = new ModelWork(engine, runtime, TokensPerSecond, new ModelMetrics(_metrics, "model", "1"));
        var explanations = new ExplanationWork(engine, runtime, work);
        _made.AddRange([runtime, work, explanations]);
        return (work, explanations);
    }

    private TextExplainer Open()
    {
        _opened++;
        return TextExplainer.FromWeights(Checkpoint.Open(Golden.DemoModel).LoadWeights(), TextTokenizer.Load(Golden.DemoModel),
            new InferenceOptions { Device = ComputeDevice.Cpu });
    }
}
