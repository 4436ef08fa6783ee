using LoraOnnx.Serving.Admission;
using LoraOnnx.Serving.Batching;
using LoraOnnx.Serving.Models;
using LoraOnnx.Serving.Security;
using LoraOnnx.Serving.Telemetry;
using LoraOnnx.Serving.Tests.Support;

namespace LoraOnnx.Serving.Tests.Batching;

/// <summary>A text's way through one model on a clock that stands still, with one worker whose engine can be held.</summary>
public sealed class ModelWorkTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly ServingMetrics _metrics = new();
    private readonly TestEngine _engine = new();
    private readonly List<IDisposable> _made = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _engine.LetGo();
        _made.ForEach(made => made.Dispose());
        _metrics.Dispose();
    }

    [Fact]
    public async Task Who_joins_a_text_has_times_of_its_own()
    {
        var work = Work(TestServer.Options);
        _engine.Hold();
        var first = work.FinishAsync(work.Start(Request("same")), Cancel).AsTask();
        await Wait.UntilAsync(() => _engine.BatchCount == 1);
        _time.GoOn(TimeSpan.FromSeconds(5));
        var second = work.FinishAsync(work.Start(Request("same")), Cancel).AsTask();
        _time.GoOn(TimeSpan.FromSeconds(2));
        _engine.LetGo();

        var (began, joined) = ((await first).Classification!, (await second).Classification!);

        Assert.Equal((7.0, 7.0, false), (began.Infer.TotalSeconds, began.Total.TotalSeconds, began.Shared));
        Assert.Equal((0.0, 2.0, 2.0, true), (joined.Queue.TotalSeconds, joined.Infer.TotalSeconds, joined.Total.TotalSeconds, joined.Shared));
    }

    [Fact]
    public async Task Batches_that_fail_say_nothing_of_the_engines_speed()
    {
        var work = Work(TestServer.Options with { BatchTokens = 8 });
        var poison = TestEngine.Encode("poison").Ids[1];
        _engine.BeforeRun = batch =>
        {
            _time.GoOn(TimeSpan.FromSeconds(100));
            if (batch.Any(ids => ids.Contains(poison)))
            {
                throw new InvalidOperationException("native detail");
            }
        };
        var before = work.TokensPerSecond;

        var outcome = await work.FinishAsync(work.Start(Request("poison poison poison poison")), Cancel);

        Assert.Equal(RefusalReason.EngineFailed, outcome.Refusal!.Reason);
        Assert.Equal(before, work.TokensPerSecond);
        Assert.Equal(0, work.Load.Running);
    }

    [Fact]
    public async Task Where_callers_have_names_they_share_with_nobody_in_flight_and_find_their_own_texts_in_the_cache_only()
    {
        var work = Work(TestServer.Options with { Access = [new ApiKeyScheme("keys")], CacheMebibytes = 1 });
        _engine.Hold();
        var first = work.FinishAsync(work.Start(Request("same", "ann")), Cancel).AsTask();
        var second = work.FinishAsync(work.Start(Request("same", "bob")), Cancel).AsTask();
        _engine.LetGo();
        var shared = new[] { await first, await second }.Select(outcome => outcome.Classification!.Shared).ToArray();

        var own = await work.FinishAsync(work.Start(Request("same", "ann")), Cancel);
        var another = await work.FinishAsync(work.Start(Request("same", "eve")), Cancel);

        Assert.Equal([false, false], shared);
        Assert.Equal((true, false), (own.Classification!.Shared, another.Classification!.Shared));
    }

    private static TextRequest Request(string text, string caller = "") => new(text, null, MayCut: true, caller, long.MaxValue);

    private ModelWork Work(ServingOptions options)
    {
        var runtime = new ModelRuntime(options, new WorkerPlan(1, 1), _metrics, _time);
        var work = new ModelWork(_engine.Load("model"), runtime, tokensPerSecond: 1000, new ModelMetrics(_metrics, "model", "1"));
        _made.AddRange([work, runtime]);
        return work;
    }
}
