using System.Collections.Concurrent;
using System.Diagnostics;
using LoraOnnx.Serving.Batching;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Models;
using LoraOnnx.Serving.Telemetry;
using LoraOnnx.Serving.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace LoraOnnx.Serving.Tests.Stress;

/// <summary>
/// Swap, load, unload, eviction, reload and calls, all at once, with memory for two of five models and files that change and break.
/// </summary>
public sealed class CatalogStressTests
{
    private const int Changes = 2_000;

    private static readonly string[] _names = ["a", "b", "c", "d", "e"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task No_two_models_of_one_name_and_version_no_call_on_a_freed_one_and_nothing_left_at_the_end(int seed)
    {
        var engines = new ConcurrentBag<TestEngine>();
        var loading = new ConcurrentDictionary<string, int>();
        var twice = 0;
        var random = new Random(seed);
        LoadedEngine Load(string path)
        {
            int hash;
            lock (random)
            {
                hash = random.Next(6);
            }

            twice += loading.AddOrUpdate("loads", 1, (_, count) => count + 1) > 1 ? 1 : 0;
            try
            {
                if (hash == 5)
                {
                    throw InputException.InFile(path, "is garbage.");
                }

                var engine = new TestEngine { Hash = new((char)('a' + hash), 64) }; // of 1 MiB
                engines.Add(engine);
                return engine.Load(path);
            }
            finally
            {
                loading["loads"] = loading["loads"] - 1;
            }
        }

        using var metrics = new ServingMetrics();
        using var runtime = new ModelRuntime(TestServer.Options, new WorkerPlan(2, 1), metrics, TimeProvider.System);
        var catalog = new ModelCatalog(Load, runtime, memoryBytes: 2 << 20, NullLogger<ModelCatalog>.Instance);
        var watch = Stopwatch.StartNew();
        using var done = new CancellationTokenSource();
        var doubles = 0;
        catalog.Changed += () =>
            doubles += catalog.Models.GroupBy(entry => (entry.Model.Name, entry.Model.Version)).Count(group => group.Count() > 1);

        var callers = Enumerable.Range(0, 4)
            .Select(caller => Task.Run(() => CallAsync(catalog, new Random(seed * 10 + caller), done.Token))).ToArray();
        var changers = Enumerable.Range(0, 3).Select(changer => Task.Run(() => ChangeAsync(catalog, new Random(seed * 20 + changer)))).ToArray();
        await Task.WhenAll(changers).WaitAsync(Patience.Time, TestContext.Current.CancellationToken); // a deadlock ends here
        await done.CancelAsync();
        var calls = (await Task.WhenAll(callers)).Sum();
        await catalog.DisposeAsync().AsTask().WaitAsync(Patience.Time, TestContext.Current.CancellationToken);

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{3 * Changes} changes, {engines.Count} loads and {calls} calls in {watch.Elapsed.TotalSeconds:0.0} s");
        Assert.Equal((0, 0), (doubles, twice));
        Assert.All(engines, engine => Assert.True(engine.Disposed, "an engine was left"));
        Assert.True(calls > 100, $"{calls} calls were answered");
    }

    private static async Task ChangeAsync(ModelCatalog catalog, Random random)
    {
        for (var round = 0; round < Changes; round++)
        {
            var name = _names[random.Next(_names.Length)];
            using var giveUp = new CancellationTokenSource();
            if (random.Next(20) == 0)
            {
                await giveUp.CancelAsync();
            }

            try
            {
                await (random.Next(4) switch
                {
                    0 => catalog.LoadAsync(new ModelSource(name, "", name), giveUp.Token),
                    1 => catalog.UnloadAsync(name, "", giveUp.Token),
                    _ => catalog.SwapAsync(name, "", null, "", giveUp.Token),
                });
            }
            catch (Exception failure) when (failure is InputException or ModelExistsException or ModelNotFoundException or OperationCanceledException)
            {
                // What such a change may end with.
            }
        }
    }

    private static async Task<int> CallAsync(ModelCatalog catalog, Random random, CancellationToken done)
    {
        var answered = 0;
        while (!done.IsCancellationRequested)
        {
            using var giveUp = new CancellationTokenSource();
            if (random.Next(5) == 0)
            {
                giveUp.CancelAfter(TimeSpan.FromMicroseconds(random.Next(300))); // too short for a reload, often
            }

            try
            {
                var (lease, error) = await catalog.AcquireAsync(_names[random.Next(_names.Length)], "", giveUp.Token);
                if (lease is null)
                {
                    Assert.True(error!.Kind is ErrorKind.NotFound or ErrorKind.FailedPrecondition, error.Message); // one of the two is set
                    continue;
                }

                using (lease)
                {
                    var started = lease.Model.Work.Start(new TextRequest($"text {random.Next(1000)}", null, true, "", long.MaxValue));
                    var outcome = await lease.Model.Work.FinishAsync(started, giveUp.Token);
                    Assert.NotNull(outcome.Classification);
                    answered++;
                }
            }
            catch (OperationCanceledException)
            {
                // It did not want to wait.
            }
        }

        return answered;
    }
}
