using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Grpc.Core;
using Grpc.Health.V1;
using LoraOnnx.Graph;
using LoraOnnx.Model;
using LoraOnnx.Serving.Models;
using LoraOnnx.Serving.Security;
using LoraOnnx.Serving.Tests.Support;
using LoraOnnx.V1;
using Microsoft.Extensions.DependencyInjection;

namespace LoraOnnx.Serving.Tests.Adapters;

/// <summary>Adapters of one base, served as models.</summary>
public sealed class AdapterServingTests(DemoOnnx demo)
{
    private const double Tolerance = 1e-5;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private ServingOptions Options => TestServer.Options with
    {
        Models = [$"base={demo.Path}"],
        Device = ComputeDevice.Cpu,
        QueueTokens = 1 << 20,
        Adapters = AdapterFolder.Arguments
    };

    [Fact]
    public async Task Texts_of_all_adapters_and_of_the_base_at_once_get_what_peft_gives_each_alone()
    {
        await using var server = await TestServer.StartAsync((LoadEngine?)null, Options);
        var client = new Sentiment.SentimentClient(server.Connect());

        var answers = await Task.WhenAll(AdapterFolder.Cases.Select(async entry => await client.PredictAsync(
            new PredictRequest { Text = entry.Text, Model = entry.Adapter ?? "", IncludeLogits = true }, cancellationToken: Cancel)));

        foreach (var (entry, answer) in AdapterFolder.Cases.Zip(answers))
        {
            Assert.Equal(entry.Adapter ?? "base", answer.Model);
            Assert.Equal(entry.Logits.Length, answer.Logits.Count);
            Assert.All(entry.Logits.Zip(answer.Logits), pair => Assert.Equal(pair.First, pair.Second, Tolerance * (1 + Math.Abs(pair.First))));
        }
    }

    [Fact]
    public async Task An_adapter_is_a_model_in_every_protocol_list_metric_and_health_entry()
    {
        await using var server = await TestServer.StartAsync((LoadEngine?)null, Options);
        var channel = server.Connect();
        using var http = server.Http();
        var (text, _, logits) = AdapterFolder.Cases.First(entry => entry.Adapter == "stars");

        var listed = await new Sentiment.SentimentClient(channel).ListModelsAsync(new ListModelsRequest(), cancellationToken: Cancel);
        var stars = listed.Models.Single(model => model.Name == "stars");
        Assert.Equal(["LABEL_0", "LABEL_1", "LABEL_2", "LABEL_3", "LABEL_4"], stars.Labels);
        Assert.Equal("lora+head", stars.Metadata[OnnxMetadata.Method]);
        Assert.True(listed.Models[0].IsDefault && listed.Models[0].Name == "base");
        Assert.Equal(listed.Models.Count, listed.Models.Select(model => model.Version).Distinct().Count());

        var rest = await PostAsync(http, "v1/predict", new { text, model = "stars", include_logits = true });
        Assert.All(logits.Zip(rest.GetProperty("logits").EnumerateArray()), pair => Assert.Equal(pair.First, pair.Second.GetSingle(), 1e-4));
        var input = new { inputs = new[] { new { name = "text", datatype = "BYTES", shape = (int[])[1], data = (string[])[text] } } };
        var kserve = await PostAsync(http, "v2/models/stars/infer", input);
        Assert.Equal("stars", kserve.GetProperty("model_name").GetString());
        Assert.Equal(stars.Version, kserve.GetProperty("model_version").GetString());
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("v2/models/stars/ready", Cancel)).StatusCode);

        var health = await new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest { Service = "stars" }, cancellationToken: Cancel);
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, health.Status);
        Assert.Contains("model=\"stars\"", await http.GetStringAsync("metrics", Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_text_whose_adapter_is_unknown_is_an_error()
    {
        await using var server = await TestServer.StartAsync((LoadEngine?)null, Options with { Adapters = [] });
        var client = new Sentiment.SentimentClient(server.Connect());

        var refused = await Assert.ThrowsAsync<RpcException>(async () =>
            await client.PredictAsync(new PredictRequest { Text = "x", Model = "acme" }, cancellationToken: Cancel));

        Assert.Equal(StatusCode.NotFound, refused.StatusCode);
    }

    [Theory]
    [InlineData(30, 3, 60)]
    [InlineData(1000, 100, 300)]
    public async Task Many_registered_adapters_work_with_few_in_memory(int registered, int inMemory, int calls)
    {
        using var folder = new AdapterFolder();
        foreach (var number in Enumerable.Range(0, registered))
        {
            folder.Link(AdapterFolder.Names[number % AdapterFolder.Names.Count], "many", $"a{number}");
        }

        var options = Options with { Adapters = [], AdaptersDirectory = Path.Combine(folder.Path, "many"), LoadedAdapters = inMemory };
        await using var server = await TestServer.StartAsync((LoadEngine?)null, options);
        var client = new Sentiment.SentimentClient(server.Connect());
        Assert.Equal(registered + 1, server.Host.Catalog.Models.Count);

        var random = new Random(1);
        await Parallel.ForEachAsync(Enumerable.Range(0, calls), Cancel, async (_, cancel) =>
        {
            int number;
            lock (random)
            {
                number = random.Next(registered);
            }

            var (text, _, logits) = AdapterFolder.Cases.First(entry => entry.Adapter == AdapterFolder.Names[number % AdapterFolder.Names.Count]);
            var answer = await client.PredictAsync(
                new PredictRequest { Text = text, Model = $"a{number}", IncludeLogits = true }, cancellationToken: cancel);
            Assert.All(logits.Zip(answer.Logits), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
        });

        Assert.InRange(server.Host.Catalog.Models.Count(entry => entry.Loaded && entry.Model.Base is not null), 1, inMemory);
    }

    [Fact]
    public async Task Hot_swaps_of_a_hundred_adapters_under_load_fail_no_call()
    {
        using var folder = new AdapterFolder();
        var path = folder.Copy("acme", "moving");
        await using var server = await TestServer.StartAsync((LoadEngine?)null,
            Options with { Adapters = [$"moving={path}", $"zen={AdapterFolder.GoldenOf("zen")}"] });
        var channel = server.Connect();
        var (client, admin) = (new Sentiment.SentimentClient(channel), new Admin.AdminClient(channel));
        using var done = new CancellationTokenSource();
        var answered = 0;

        async Task CallAsync(string model)
        {
            while (!done.IsCancellationRequested)
            {
                await client.PredictAsync(new PredictRequest { Text = "A short text.", Model = model }, cancellationToken: Cancel);
                Interlocked.Increment(ref answered);
            }
        }

        Task[] callers = [CallAsync("moving"), CallAsync("zen"), CallAsync("base"), CallAsync("moving")];
        var version = "";
        for (var swap = 0; swap < 100; swap++)
        {
            folder.Copy(swap % 2 == 0 ? "zen" : "acme", "moving");
            var swapped = await admin.SwapModelAsync(new SwapModelRequest { Name = "moving" }, cancellationToken: Cancel);
            Assert.NotEqual(version, swapped.Model.Version);
            version = swapped.Model.Version;
        }

        await done.CancelAsync();
        await Task.WhenAll(callers);
        Assert.InRange(answered, 4, int.MaxValue);
    }

    [Fact]
    public async Task Admin_loads_and_unloads_adapters_and_one_that_is_broken_touches_nobody()
    {
        using var folder = new AdapterFolder();
        var broken = folder.Copy("acme", "broken");
        File.WriteAllBytes(Path.Combine(broken, "adapter_model.safetensors"), [1, 2, 3]);
        await using var server = await TestServer.StartAsync((LoadEngine?)null, Options with { Adapters = [] });
        var channel = server.Connect();
        var (client, admin) = (new Sentiment.SentimentClient(channel), new Admin.AdminClient(channel));

        var half = new LoadModelRequest { Name = "half", Path = AdapterFolder.GoldenOf("acme"), Base = "base", Weight = 0.5 };
        Assert.Equal("0.5", (await admin.LoadModelAsync(half, cancellationToken: Cancel)).Model.Metadata[OnnxMetadata.AdapterWeights]);
        var refused = await Assert.ThrowsAsync<RpcException>(async () =>
            await admin.LoadModelAsync(new LoadModelRequest { Name = "broken", Path = broken }, cancellationToken: Cancel));
        Assert.Equal(StatusCode.FailedPrecondition, refused.StatusCode);
        await client.PredictAsync(new PredictRequest { Text = "x", Model = "half" }, cancellationToken: Cancel);
        await admin.UnloadModelAsync(new UnloadModelRequest { Name = "base" }, cancellationToken: Cancel);
        Assert.Empty(server.Host.Catalog.Models); // what runs on a model goes with it
    }

    [Fact]
    public async Task A_folder_of_adapters_is_watched()
    {
        using var folder = new AdapterFolder();
        folder.Copy("zen", "all", "one");
        await using var server = await TestServer.StartAsync(
            (LoadEngine?)null, Options with { Adapters = [], AdaptersDirectory = Path.Combine(folder.Path, "all") });
        var watch = server.Host.Services.GetRequiredService<ModelWatch>();
        Assert.Equal(["base", "one"], Names());

        folder.Copy("acme", "all", "two");
        await watch.LookAsync(Cancel);
        await watch.LookAsync(Cancel);
        Assert.Equal(["base", "one", "two"], Names());

        Directory.Delete(Path.Combine(folder.Path, "all", "one"), recursive: true);
        await watch.LookAsync(Cancel);
        Assert.Equal(["base", "two"], Names());

        IEnumerable<string> Names() => server.Host.Catalog.Models.Select(entry => entry.Model.Name);
    }

    [Fact]
    public async Task A_key_that_is_bound_to_adapters_asks_no_other_model()
    {
        using var folder = new AdapterFolder();
        var keys = Path.Combine(folder.Path, "keys");
        await File.WriteAllTextAsync(keys, "user bound bound-bound-bound-1 models=acme,zen\nuser all all-all-all-all-all-1\n", Cancel);
        await using var server = await TestServer.StartAsync((LoadEngine?)null, Options with { Access = [new ApiKeyScheme(keys)] });
        var client = new Sentiment.SentimentClient(server.Connect());

        Assert.Equal("acme", (await AskAsync("bound-bound-bound-1", "")).Model); // its first one is its default
        Assert.Equal("zen", (await AskAsync("bound-bound-bound-1", "zen")).Model);
        Assert.Equal("base", (await AskAsync("all-all-all-all-all-1", "")).Model);
        foreach (var other in (string[])["base", "stars", "nobody"])
        {
            var refused = await Assert.ThrowsAsync<RpcException>(() => AskAsync("bound-bound-bound-1", other));
            Assert.Equal(StatusCode.PermissionDenied, refused.StatusCode);
            Assert.DoesNotContain("wide", refused.Status.Detail, StringComparison.Ordinal); // nor learns what else there is
        }

        var listed = await client.ListModelsAsync(new ListModelsRequest(), Header("bound-bound-bound-1"), cancellationToken: Cancel);
        Assert.Equal(["acme", "zen"], listed.Models.Select(model => model.Name).Order(StringComparer.Ordinal));

        async Task<PredictResponse> AskAsync(string key, string model) =>
            await client.PredictAsync(new PredictRequest { Text = "A text.", Model = model }, Header(key), cancellationToken: Cancel);

        static Metadata Header(string key) => new() { { "authorization", $"Bearer {key}" } };
    }

    [Fact]
    public async Task Several_models_are_asked_for_one_text_in_one_call()
    {
        using var folder = new AdapterFolder();
        string[] heads = [.. Enumerable.Range(1, 5).Select(classes => $"h{classes}={folder.WriteHead($"h{classes}", classes)}")];
        await using var server = await TestServer.StartAsync((LoadEngine?)null, Options with { Heads = heads });
        var client = new Sentiment.SentimentClient(server.Connect());
        using var http = server.Http();
        string[] models = ["h1", "acme", "base", "h5", "h2", "stars", "h3", "h4"];

        var request = new PredictRequest { Text = "One text.", IncludeLogits = true, Models = { models } };
        var together = await client.PredictAsync(request, cancellationToken: Cancel);

        Assert.Equal(models, together.Predictions.Select(each => each.Model));
        foreach (var prediction in together.Predictions)
        {
            var alone = await client.PredictAsync(
                new PredictRequest { Text = "One text.", Model = prediction.Model, IncludeLogits = true }, cancellationToken: Cancel);
            Assert.Equal(alone.Logits, prediction.Logits);
            Assert.Equal(alone.Label, prediction.Label);
        }

        using var dotnet = new LoraOnnx.Client.SentimentClient(server.GrpcAddress);
        var same = await dotnet.PredictAsync("One text.", models, new LoraOnnx.Client.PredictOptions { IncludeLogits = true }, Cancel);
        Assert.Equal(together.Predictions.Select(each => (each.Model, each.Label)), same.Select(each => (each.Model, each.Label)));
        Assert.Equal(together.Predictions.Select(each => each.Logits), same.Select(each => each.Logits));
        await Assert.ThrowsAsync<ArgumentException>(() =>
            dotnet.PredictAsync("x", models, new LoraOnnx.Client.PredictOptions { Model = "base" }, Cancel));
        await Assert.ThrowsAsync<ArgumentException>(() => dotnet.PredictAsync("x", [], LoraOnnx.Client.PredictOptions.Default, Cancel));

        var before = Runs();
        await client.PredictAsync(new PredictRequest { Text = "Another.", Models = { "h1", "h2", "h3", "base" } }, cancellationToken: Cancel);
        Assert.Equal((before.Batches + 1, before.Texts + 1), Runs()); // one encoding for all

        var rest = await PostAsync(http, "v1/predict", new { text = "One text.", models });
        Assert.Equal(models, rest.GetProperty("predictions").EnumerateArray().Select(each => each.GetProperty("model").GetString()));
        var unknown = await Assert.ThrowsAsync<RpcException>(async () =>
            await client.PredictAsync(new PredictRequest { Text = "x", Models = { "acme", "nobody" } }, cancellationToken: Cancel));
        Assert.Equal(StatusCode.NotFound, unknown.StatusCode);
        var both = await Assert.ThrowsAsync<RpcException>(async () =>
            await client.PredictAsync(new PredictRequest { Text = "x", Model = "base", Models = { "acme" } }, cancellationToken: Cancel));
        Assert.Equal(StatusCode.InvalidArgument, both.StatusCode);
        var batch = await http.PostAsJsonAsync("v1/predict_batch", new { texts = (string[])["x"], models }, Cancel);
        Assert.Equal(HttpStatusCode.BadRequest, batch.StatusCode);

        (long Batches, long Texts) Runs()
        {
            var batches = server.Host.Catalog.Models[0].Model.Metrics.Read().Batches;
            return (batches.Sum(entry => entry.Value.Count), batches.Sum(entry => entry.Key * entry.Value.Count));
        }
    }

    private static async Task<JsonElement> PostAsync(HttpClient http, string path, object body)
    {
        var response = await http.PostAsJsonAsync(path, body, Cancel);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
    }
}
