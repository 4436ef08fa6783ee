using System.Collections.Concurrent;
using System.Globalization;
using Grpc.Core;
using LoraOnnx.Client;
using LoraOnnx.Model;
using LoraOnnx.Serving.Models;
using LoraOnnx.Serving.Tests.Support;
using LoraOnnx.V1;
using Microsoft.Extensions.DependencyInjection;

namespace LoraOnnx.Serving.Tests.Operation;

/// <summary>Models that come, go and change while calls run.</summary>
public sealed class ModelChangeTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("lora-serve-change-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_hundred_swaps_under_load_fail_no_call_and_every_answer_is_of_the_version_that_it_names()
    {
        var engines = new ConcurrentDictionary<string, TestEngine>();
        LoadedEngine LoadNext(string path)
        {
            var engine = new TestEngine
            {
                Offset = engines.Count,
                Hash = engines.Count.ToString("x12", CultureInfo.InvariantCulture).PadRight(64, '0')
            };
            engines[engine.Hash[..12]] = engine;
            return engine.Load(path);
        }

        await using var server = await TestServer.StartAsync(LoadNext);
        var admin = new Admin.AdminClient(server.Connect());
        using var client = new SentimentClient(server.GrpcAddress);
        using var done = new CancellationTokenSource();
        var versions = new ConcurrentDictionary<string, int>();

        async Task CallAsync(int caller)
        {
            for (var i = 0; !done.IsCancellationRequested; i++)
            {
                var text = $"caller {caller} call {i}";
                var answer = await client.PredictAsync(text, PredictOptions.Default with { IncludeLogits = true }, Cancel);
                Assert.Equal(engines[answer.ModelVersion].LogitsFor(text), answer.Logits);
                versions.AddOrUpdate(answer.ModelVersion, 1, (_, count) => count + 1);
            }
        }

        var callers = Enumerable.Range(0, 4).Select(CallAsync).ToArray();
        for (var swap = 0; swap < 100; swap++)
        {
            var swapped = await admin.SwapModelAsync(new SwapModelRequest { Name = "demo" }, cancellationToken: Cancel);
            if (swap % 10 == 0)
            {
                await Wait.UntilAsync(() => versions.ContainsKey(swapped.Model.Version)); // calls run all the while
            }
        }

        await done.CancelAsync();
        await Task.WhenAll(callers);

        Assert.Equal(101, engines.Count);
        await Wait.UntilAsync(() => engines.Values.Count(engine => engine.Disposed) == 100); // the old ones are freed, the last one serves
    }

    [Fact]
    public async Task A_replaced_model_finishes_the_calls_that_have_it_and_is_freed_then()
    {
        var old = new TestEngine();
        var next = new TestEngine { Hash = new('b', 64), Offset = 1 };
        var engines = new Queue<TestEngine>([old, next]);
        // One for the slow call, one for the quick one.
        await using var server = await TestServer.StartAsync(path => engines.Dequeue().Load(path), TestServer.Options with { Workers = 2 });
        using var client = new SentimentClient(server.GrpcAddress);
        old.Hold();
        old.Forget();
        var slow = client.PredictAsync("slow", PredictOptions.Default, Cancel);
        await Wait.UntilAsync(() => old.BatchCount == 1);

        var swapped = await new Admin.AdminClient(server.Connect()).SwapModelAsync(new SwapModelRequest { Name = "demo" }, cancellationToken: Cancel);
        var quick = await client.PredictAsync("quick", PredictOptions.Default, Cancel);
        var freedEarly = old.Disposed;
        old.LetGo();

        Assert.Equal(("aaaaaaaaaaaa", "bbbbbbbbbbbb"), (swapped.ReplacedVersion, swapped.Model.Version));
        Assert.Equal(("aaaaaaaaaaaa", "bbbbbbbbbbbb"), ((await slow).ModelVersion, quick.ModelVersion));
        Assert.False(freedEarly);
        await Wait.UntilAsync(() => old.Disposed);
    }

    [Fact]
    public async Task A_model_that_fails_its_golden_texts_or_cannot_be_read_is_rolled_back()
    {
        var good = new TestEngine();
        var off = new TestEngine { Offset = 5, Hash = new('b', 64) };
        var broken = new TestEngine { Hash = new('c', 64), Answer = _ => [float.NaN, 0] };
        var native = new TestEngine { Hash = new('d', 64), BeforeRun = _ => throw new InvalidOperationException("native\nfailure in a run") };
        var loads = new Queue<LoadEngine>([good.Load, off.Load, broken.Load, native.Load, _ => throw InputException.InFile("x.onnx", "is garbage."),
            _ => throw new InvalidDataException("native\nerror")]);
        await File.WriteAllTextAsync(Path.Combine(_directory, "model.onnx"), "", Cancel);
        var logits = string.Join(", ", good.LogitsFor("good").Select(logit => logit.ToString("r", CultureInfo.InvariantCulture)));
        await File.WriteAllTextAsync(Path.Combine(_directory, "golden.jsonl"), $$"""{"text": "good", "logits": [{{logits}}]}""", Cancel);
        await using var server = await TestServer.StartAsync(path => loads.Dequeue()(path),
            TestServer.Options with { Models = [$"demo={_directory}"] });
        var channel = server.Connect();
        var admin = new Admin.AdminClient(channel);

        foreach (var expected in new[] { "logits differ by 5", "not finite", "cannot be loaded: native failure in a run", "is garbage",
            "cannot be loaded: native error" })
        {
            var failure = await Assert.ThrowsAsync<RpcException>(() =>
                admin.SwapModelAsync(new SwapModelRequest { Name = "demo" }, cancellationToken: Cancel).ResponseAsync);
            var answer = await new Sentiment.SentimentClient(channel).PredictAsync(new PredictRequest { Text = "good" }, cancellationToken: Cancel);

            Assert.Equal(StatusCode.FailedPrecondition, failure.StatusCode);
            Assert.Contains(expected, failure.Status.Detail, StringComparison.Ordinal);
            Assert.Equal("aaaaaaaaaaaa", answer.ModelVersion);
        }

        Assert.True(off.Disposed && broken.Disposed && native.Disposed && !good.Disposed);
    }

    [Fact]
    public async Task The_model_used_longest_ago_leaves_a_full_memory_and_comes_back_when_asked_for()
    {
        var engines = new Dictionary<string, List<TestEngine>> { ["a"] = [], ["b"] = [], ["c"] = [] };
        LoadedEngine Load(string path)
        {
            var engine = new TestEngine(); // of 1 MiB
            engines[path].Add(engine);
            return engine.Load(path);
        }

        await using var server = await TestServer.StartAsync(Load, TestServer.Options with { Models = ["a=a", "b=b"], MemoryMebibytes = 2 });
        var channel = server.Connect();
        var client = new Sentiment.SentimentClient(channel);
        await client.PredictAsync(new PredictRequest { Text = "x", Model = "a" }, cancellationToken: Cancel);

        // B was used longest ago.
        await new Admin.AdminClient(channel).LoadModelAsync(new LoadModelRequest { Name = "c", Path = "c" }, cancellationToken: Cancel);
        var loaded = (await client.ListModelsAsync(new ListModelsRequest(), cancellationToken: Cancel)).Models
            .Select(model => (model.Name, model.Loaded)).ToArray();
        var back = await client.PredictAsync(new PredictRequest { Text = "x", Model = "b" }, cancellationToken: Cancel);

        Assert.Equal([("a", true), ("b", false), ("c", true)], loaded);
        Assert.Equal("b", back.Model);
        Assert.Equal(2, engines["b"].Count);
        await Wait.UntilAsync(() => engines["b"][0].Disposed && engines["a"][0].Disposed);
    }

    [Fact]
    public async Task A_model_that_comes_back_with_another_file_has_another_version()
    {
        var hash = 'a';
        await using var server = await TestServer.StartAsync(path => new TestEngine { Hash = new(path == "b" ? hash : 'c', 64) }.Load(path),
            TestServer.Options with { Models = ["a=a", "b@1=b"], MemoryMebibytes = 1 }); // room for one: b is loaded, then a
        var client = new Sentiment.SentimentClient(server.Connect());

        async Task<string> VersionOfBAsync()
        {
            await client.PredictAsync(new PredictRequest { Text = "x", Model = "a" }, cancellationToken: Cancel); // b leaves
            return (await client.PredictAsync(new PredictRequest { Text = "x", Model = "b" }, cancellationToken: Cancel)).ModelVersion;
        }

        var same = await VersionOfBAsync();
        hash = 'b';
        var changed = await VersionOfBAsync();
        var old = await Assert.ThrowsAsync<RpcException>(() =>
            client.PredictAsync(new PredictRequest { Text = "x", Model = "b", ModelVersion = "1" }, cancellationToken: Cancel).ResponseAsync);

        Assert.Equal(("1", "bbbbbbbbbbbb"), (same, changed));
        Assert.Equal(StatusCode.NotFound, old.StatusCode);
    }

    [Fact]
    public async Task Two_models_of_the_same_files_are_both_swapped_after_they_have_settled()
    {
        var hash = 'a';
        Directory.CreateDirectory(Path.Combine(_directory, "m"));
        var file = Path.Combine(_directory, "m", "model.onnx");
        await File.WriteAllTextAsync(file, "old", Cancel);
        await using var server = await TestServer.StartAsync(path => new TestEngine { Hash = new(hash, 64) }.Load(path),
            TestServer.Options with { Models = [$"first={file}", $"second={file}"] });
        var watch = server.Host.Services.GetRequiredService<ModelWatch>();
        hash = 'b';
        await File.WriteAllTextAsync(file, "half of the new", Cancel);

        async Task<string> LookAsync()
        {
            await watch.LookAsync(Cancel);
            return string.Concat(server.Host.Catalog.Models.Select(entry => entry.Model.Version[0]));
        }

        var once = await LookAsync();
        var twice = await LookAsync();

        Assert.Equal(("aa", "bb"), (once, twice));
    }

    [Fact]
    public async Task Changed_files_are_swapped_in_once_they_have_settled_and_bad_ones_left_alone()
    {
        var hash = 'a';
        await using var server = await StartOnFilesAsync(path => new TestEngine { Hash = new(hash, 64) }.Load(path));
        var watch = server.Host.Services.GetRequiredService<ModelWatch>();

        async Task<string> LookAsync()
        {
            await watch.LookAsync(Cancel);
            return server.Host.Catalog.Models[0].Model.Version[..1];
        }

        var unchanged = await LookAsync() + await LookAsync();
        hash = 'b';
        await File.WriteAllTextAsync(Path.Combine(_directory, "m", "model.onnx"), "half of the new", Cancel);
        var copying = await LookAsync();
        await File.WriteAllTextAsync(Path.Combine(_directory, "m", "model.onnx"), "the whole new file", Cancel);
        var settling = await LookAsync();
        var settled = await LookAsync();
        hash = '!'; // of a file that cannot be read
        await File.WriteAllTextAsync(Path.Combine(_directory, "m", "model.onnx"), "garbage", Cancel);
        var garbage = await LookAsync() + await LookAsync() + await LookAsync();

        Assert.Equal(("aa", "a", "a", "b", "bbb"), (unchanged, copying, settling, settled, garbage));
    }

    [Fact]
    public async Task New_folders_are_loaded_and_removed_ones_unloaded()
    {
        await using var server = await StartOnFilesAsync(path => new TestEngine().Load(path));
        var watch = server.Host.Services.GetRequiredService<ModelWatch>();

        async Task<string> LookTwiceAsync()
        {
            await watch.LookAsync(Cancel);
            await watch.LookAsync(Cancel);
            return string.Join(' ', server.Host.Catalog.Models.Select(entry => entry.Model.Name));
        }

        var before = await LookTwiceAsync();
        Directory.CreateDirectory(Path.Combine(_directory, "n"));
        await File.WriteAllTextAsync(Path.Combine(_directory, "n", "model.onnx"), "new", Cancel);
        var added = await LookTwiceAsync();
        Directory.Delete(Path.Combine(_directory, "n"), recursive: true);
        var removed = await LookTwiceAsync();

        Assert.Equal(("m", "m n", "m"), (before, added, removed));
    }

    [Fact]
    public async Task A_directory_that_is_away_for_a_while_takes_no_model_out_of_service_and_is_watched_again()
    {
        await using var server = await StartOnFilesAsync(path => new TestEngine().Load(path));
        var watch = server.Host.Services.GetRequiredService<ModelWatch>();
        var away = _directory + ".away";

        async Task<string> LookTwiceAsync()
        {
            await watch.LookAsync(Cancel);
            await watch.LookAsync(Cancel);
            return string.Join(' ', server.Host.Catalog.Models.Select(entry => entry.Model.Name));
        }

        Directory.Move(_directory, away);
        var gone = await LookTwiceAsync();
        Directory.CreateDirectory(Path.Combine(away, "n"));
        await File.WriteAllTextAsync(Path.Combine(away, "n", "model.onnx"), "new", Cancel);
        Directory.Move(away, _directory);
        var back = await LookTwiceAsync();
        Directory.Delete(Path.Combine(_directory, "m"), recursive: true);
        var removed = await LookTwiceAsync();

        Assert.Equal(("m", "m n", "n"), (gone, back, removed));
    }

    [Fact]
    public async Task A_model_that_memory_lacks_for_keeps_no_other_from_being_swapped_and_is_tried_again()
    {
        var hash = 'a';
        var isFull = false;
        string[] names = ["first", "second"];
        foreach (var name in names)
        {
            Directory.CreateDirectory(Path.Combine(_directory, name));
            await File.WriteAllTextAsync(Path.Combine(_directory, name, "model.onnx"), "old", Cancel);
        }

        LoadedEngine Load(string path) => isFull && path.Contains("first", StringComparison.Ordinal)
            ? throw new InsufficientMemoryException()
            : new TestEngine { Hash = new(hash, 64) }.Load(path);
        await using var server = await TestServer.StartAsync(Load, TestServer.Options with { Models = [], ModelsDirectory = _directory });
        var watch = server.Host.Services.GetRequiredService<ModelWatch>();

        async Task<string> LookTwiceAsync()
        {
            await watch.LookAsync(Cancel);
            await watch.LookAsync(Cancel);
            return string.Join(' ', server.Host.Catalog.Models.Select(entry => $"{entry.Model.Name}={entry.Model.Version[0]}").Order());
        }

        (hash, isFull) = ('b', true);
        foreach (var name in names)
        {
            await File.WriteAllTextAsync(Path.Combine(_directory, name, "model.onnx"), "a new file", Cancel);
        }

        var full = await LookTwiceAsync();
        isFull = false;
        var freed = await LookTwiceAsync();

        Assert.Equal(("first=a second=b", "first=b second=b"), (full, freed));
    }

    [Fact]
    public async Task A_multi_label_model_scores_each_class_on_its_own()
    {
        var single = new TestEngine();
        var engine = new TestEngine { Config = single.Config with { Task = single.Config.Task with { ProblemType = ProblemType.MultiLabel } } };
        engine.Answer = _ => [2, -1];
        await using var server = await TestServer.StartAsync(engine);

        var answer = await new Sentiment.SentimentClient(server.Connect()).PredictAsync(new PredictRequest { Text = "x" }, cancellationToken: Cancel);

        double[] sigmoids = [1 / (1 + Math.Exp(-2)), 1 / (1 + Math.Exp(1))];
        Assert.Equal(sigmoids.Select(score => (float)score), answer.Scores.Select(score => score.Score));
        Assert.Equal(["NEGATIVE"], answer.Labels);
    }

    private async Task<TestServer> StartOnFilesAsync(LoadEngine load)
    {
        Directory.CreateDirectory(Path.Combine(_directory, "m"));
        await File.WriteAllTextAsync(Path.Combine(_directory, "m", "model.onnx"), "old", Cancel);
        LoadedEngine Load(string path) => File.ReadAllText(Path.Combine(path, "model.onnx")) == "garbage"
            ? throw InputException.InFile(path, "is garbage.")
            : load(path);
        return await TestServer.StartAsync(Load, TestServer.Options with { Models = [], ModelsDirectory = _directory });
    }
}
