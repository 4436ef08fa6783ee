using LoraOnnx.Serving.Batching;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Models;
using LoraOnnx.Serving.Telemetry;
using LoraOnnx.Serving.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace LoraOnnx.Serving.Tests.Models;

/// <summary>The catalog alone, with memory for one model of 1 MiB.</summary>
public sealed class ModelCatalogTests : IAsyncDisposable
{
    private readonly ServingMetrics _metrics = new();
    private readonly ModelRuntime _runtime;
    private readonly ModelCatalog _catalog;
    private readonly List<TestEngine> _engines = [];
    private readonly ManualResetEventSlim _loads = new(initialState: true);
    private string _hash = "a";
    private Action? _beforeLoad;

    public ModelCatalogTests()
    {
        _runtime = new ModelRuntime(TestServer.Options, new WorkerPlan(1, 1), _metrics, TimeProvider.System);
        _catalog = new ModelCatalog(Load, _runtime, memoryBytes: 1 << 20, NullLogger<ModelCatalog>.Instance);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        _loads.Set();
        await _catalog.DisposeAsync();
        _runtime.Dispose();
        _metrics.Dispose();
    }

    [Fact]
    public async Task A_model_out_of_memory_is_read_once_for_all_who_wait_also_when_the_first_gives_up()
    {
        await LoadAsync("first");
        await LoadAsync("second"); // the first leaves
        _loads.Reset();
        var loads = _engines.Count;
        using var giveUp = new CancellationTokenSource();

        var impatient = _catalog.AcquireAsync("first", "", giveUp.Token).AsTask();
        var patient = Enumerable.Range(0, 5).Select(_ => _catalog.AcquireAsync("first", "", Cancel).AsTask()).ToArray();
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        _loads.Set();
        var leases = await Task.WhenAll(patient);

        Assert.All(leases, answer => Assert.Equal("first", answer.Lease!.Model.Name));
        Assert.Equal(loads + 1, _engines.Count);
        Array.ForEach(leases, answer => answer.Lease!.Dispose());
    }

    [Fact]
    public async Task A_swap_to_a_version_that_is_served_beside_is_refused_and_its_engine_freed()
    {
        await LoadAsync("model", "1");
        await LoadAsync("model", "2");

        await Assert.ThrowsAsync<ModelExistsException>(() => _catalog.SwapAsync("model", "2", null, "1", Cancel));

        Assert.Equal(["1", "2"], _catalog.Models.Select(entry => entry.Model.Version));
        Assert.True(_engines[^1].Disposed);
    }

    [Fact]
    public async Task A_model_that_comes_back_as_what_is_served_already_leaves_its_place()
    {
        await LoadAsync("model", "old");
        _hash = "b";
        await LoadAsync("model"); // bbbbbbbbbbbb; the old one leaves the memory, and its file becomes the same

        var (lease, error) = await _catalog.AcquireAsync("model", "old", Cancel);

        Assert.Null(lease);
        Assert.Equal(ErrorKind.NotFound, error!.Kind);
        Assert.Equal(["bbbbbbbbbbbb"], _catalog.Models.Select(entry => entry.Model.Version));
    }

    [Fact]
    public async Task A_load_that_the_end_of_the_server_meets_leaves_no_engine()
    {
        using var begun = new ManualResetEventSlim();
        _beforeLoad = begun.Set;
        _loads.Reset();
        var load = LoadAsync("late");
        begun.Wait(Cancel);

        var closing = _catalog.DisposeAsync().AsTask();
        _loads.Set();
        await closing;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => load);
        Assert.All(_engines, engine => Assert.True(engine.Disposed));
        Assert.Empty(_catalog.Models);
    }

    [Fact]
    public async Task A_load_whose_later_step_fails_closes_what_it_opened()
    {
        var folder = Directory.CreateTempSubdirectory("lora-serve-catalog-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "model.onnx"), "", Cancel);
        await File.WriteAllTextAsync(Path.Combine(folder, "calibration.json"), "no JSON", Cancel);

        await Assert.ThrowsAsync<InputException>(() => _catalog.LoadAsync(new ModelSource("model", "", folder), Cancel));

        Assert.True(Assert.Single(_engines).Disposed);
        Directory.Delete(folder, recursive: true);
    }

    private Task<ServedModel> LoadAsync(string name, string version = "") => _catalog.LoadAsync(new ModelSource(name, version, name), Cancel);

    private LoadedEngine Load(string path)
    {
        _beforeLoad?.Invoke();
        _loads.Wait(Cancel);
        var engine = new TestEngine { Hash = new(_hash[0], 64) };
        _engines.Add(engine);
        return engine.Load(path);
    }
}
