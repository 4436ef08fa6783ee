using System.Security.Cryptography;
using LoraOnnx.Hub;
using LoraOnnx.Hub.Tests;
using LoraOnnx.Model.Checkpoints;

namespace LoraOnnx.Model.Tests.Checkpoints;

public sealed class HubModelsTests : IAsyncLifetime
{
    private const string Id = "somebody/tiny-model";
    private readonly string _cache = Directory.CreateTempSubdirectory("hub-cache-").FullName;
    private readonly byte[] _weights = RandomNumberGenerator.GetBytes(300_000);
    private readonly List<HubProgress> _progress = [];
    private FakeHub _hub = null!; // InitializeAsync makes it before any test

    public async ValueTask InitializeAsync()
    {
        _hub = await FakeHub.StartAsync();
        _hub.Add(Id, "config.json", "{\"model_type\": \"distilbert\"}");
        _hub.Add(Id, "vocab.txt", "[PAD]\n[UNK]\n");
        _hub.Add(Id, "tokenizer_config.json", "{}");
        _hub.Add(Id, "model.safetensors", _weights);
    }

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        Directory.Delete(_cache, recursive: true);
    }

    [Fact]
    public void A_model_lies_in_the_cache_as_Python_lays_it()
    {
        var directory = Locate(Id);

        var repository = Path.Combine(_cache, "models--somebody--tiny-model");
        Assert.Equal(Path.Combine(repository, "snapshots", FakeHub.Commit), directory);
        Assert.Equal(FakeHub.Commit, File.ReadAllText(Path.Combine(repository, "refs", "main")));
        Assert.Equal(_weights, File.ReadAllBytes(Path.Combine(directory, "model.safetensors")));
        Assert.Equal(Path.Combine("..", "..", "blobs", Convert.ToHexStringLower(SHA256.HashData(_weights))),
            new FileInfo(Path.Combine(directory, "model.safetensors")).LinkTarget);
        Assert.Equal(Path.Combine("..", "..", "blobs", FakeHub.GitHash("[PAD]\n[UNK]\n"u8.ToArray())),
            new FileInfo(Path.Combine(directory, "vocab.txt")).LinkTarget);
        Assert.True(File.Exists(Path.Combine(repository, ".no_exist", FakeHub.Commit, "tokenizer.json")));
        Assert.Empty(Directory.GetFiles(Path.Combine(repository, "blobs"), "*.incomplete"));
        Assert.Equal(
            1, Assert.Single(
                _progress, step => step.Text == $"model.safetensors: {_weights.Length / 1e3:0.0} of {_weights.Length / 1e3:0.0} kB").Share);
    }

    [Fact]
    public void A_second_time_only_the_commit_is_asked_for_and_a_pinned_one_not_even_that()
    {
        var first = Locate(Id);
        _hub.Requests.Clear();

        Assert.Equal(first, Locate(Id));
        Assert.Equal(["HEAD /somebody/tiny-model/resolve/main/config.json"], _hub.Requests.Select(request => $"{request.Method} {request.Path}"));

        Assert.Equal(first, Locate($"{Id}@{FakeHub.Commit}"));
        Assert.Single(_hub.Requests);
    }

    [Fact]
    public void A_cache_that_cannot_be_written_is_named()
    {
        var file = Path.Combine(Directory.CreateTempSubdirectory("hub-").FullName, "file");
        File.WriteAllText(file, "");

        var failure = Assert.Throws<InputException>(() => Locate(Id, settings => settings with { CacheDirectory = Path.Combine(file, "hub") }));

        Assert.StartsWith($"{Path.Combine(file, "hub")}: cannot be written: ", failure.Message, StringComparison.Ordinal);
        Assert.Contains("HF_HOME", failure.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void The_token_goes_to_the_hub_and_never_to_its_store()
    {
        Locate(Id, settings => settings with { Token = "hf_secret" });

        Assert.All(_hub.Requests.Where(request => request.Server == "hub"), request => Assert.Equal("Bearer hf_secret", request.Authorization));
        Assert.Null(Assert.Single(_hub.Requests, request => request.Server == "store").Authorization);
    }

    [Fact]
    public void A_connection_that_breaks_is_taken_up_where_it_broke()
    {
        (_hub.CutAfter, _hub.Cuts) = (100_000, 2);

        var directory = Locate(Id);

        Assert.Equal(_weights, File.ReadAllBytes(Path.Combine(directory, "model.safetensors")));
        var ranges = _hub.Requests.Where(request => request.Server == "store").Select(request => request.Range).ToList();
        Assert.Equal(3, ranges.Count);
        Assert.Null(ranges[0]);
        Assert.All(ranges[1..], range => Assert.Matches("^bytes=[1-9][0-9]*-$", range));
    }

    [Fact]
    public void A_download_that_stops_leaves_its_part_and_the_next_goes_on_from_there()
    {
        (_hub.CutAfter, _hub.Cuts) = (0, 100);
        Assert.Contains("model.safetensors: the download stopped after 0 of 300000 bytes", Fails(Id).Message, StringComparison.Ordinal);
        var part = Assert.Single(Directory.GetFiles(_cache, "*.incomplete", SearchOption.AllDirectories));
        File.WriteAllBytes(part, _weights[..120_000]);
        _hub.Cuts = 0;
        _hub.Requests.Clear();

        var directory = Locate(Id);

        Assert.Equal("bytes=120000-", Assert.Single(_hub.Requests, request => request.Server == "store").Range);
        Assert.Equal(_weights, File.ReadAllBytes(Path.Combine(directory, "model.safetensors")));
    }

    [Fact]
    public void Wrong_bytes_are_removed_and_named_and_the_next_attempt_starts_anew()
    {
        _hub.IsCorrupt = true;

        Assert.Contains($"the hub says {Convert.ToHexStringLower(SHA256.HashData(_weights))}", Fails(Id).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_cache, "*.incomplete", SearchOption.AllDirectories));

        _hub.IsCorrupt = false;
        Assert.Equal(_weights, File.ReadAllBytes(Path.Combine(Locate(Id), "model.safetensors")));
    }

    [Theory]
    [InlineData(401, "RepoNotFound", null, "127.0.0.1 says 401: there is no such model, or it is private", "set HF_TOKEN")]
    [InlineData(401, null, "hf_wrong", "127.0.0.1 says 401: the token is not accepted", "HF_TOKEN")]
    [InlineData(403, null, null, "127.0.0.1 says 403: this needs a token", "HF_TOKEN")]
    [InlineData(403, "GatedRepo", "hf_other", "127.0.0.1 says 403: the model is gated", "accept its terms at")]
    [InlineData(404, "RepoNotFound", null, "127.0.0.1 says 404: there is no such model, and no directory of that name", "check the name")]
    [InlineData(404, "RevisionNotFound", null, "the model has no revision 'main'", "after @")]
    [InlineData(404, null, null, "no config.json: there is no such model, and no directory of that name", "check the name")]
    public void A_refusal_says_what_it_means_and_what_to_do(int status, string? code, string? token, string problem, string hint)
    {
        _hub.Refusal = (status, code);

        var failure = Fails(Id, settings => settings with { Token = token });

        Assert.StartsWith(Id, failure.Message, StringComparison.Ordinal);
        Assert.Contains(problem, failure.Message, StringComparison.Ordinal);
        Assert.Contains(hint, failure.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void A_server_that_is_busy_for_a_moment_is_asked_again()
    {
        _hub.Failures = 2;

        Assert.True(File.Exists(Path.Combine(Locate(Id), "config.json")));
    }

    [Fact]
    public void Without_a_network_the_cache_is_used_and_what_is_not_in_it_is_named()
    {
        var cached = Locate(Id);
        static HubSettings Nowhere(HubSettings settings) => settings with { Endpoint = new Uri("http://127.0.0.1:9") };

        Assert.Equal(cached, Locate(Id, Nowhere));
        Assert.Contains(_progress, step => step.Text.EndsWith("The copy in the cache is used.", StringComparison.Ordinal));
        var failure = Fails("somebody/other-model", Nowhere);
        Assert.Contains("somebody/other-model: no directory of that name: 127.0.0.1 cannot be reached", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Offline_nothing_is_asked()
    {
        var cached = Locate(Id);
        _hub.Requests.Clear();

        Assert.Equal(cached, Locate(Id, settings => settings with { IsOffline = true }));
        Assert.Contains("HF_HUB_OFFLINE is set", Fails("somebody/other", settings => settings with { IsOffline = true }).Message,
            StringComparison.Ordinal);
        Assert.Empty(_hub.Requests);
    }

    [Fact]
    public async Task Several_at_once_fetch_every_file_once()
    {
        _hub.Delay = TimeSpan.FromMilliseconds(300);

        var directories = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Locate(Id), TestContext.Current.CancellationToken)));

        Assert.Single(directories.Distinct());
        Assert.Equal(1, _hub.Downloads);
    }

    [Fact]
    public void A_sharded_model_is_fetched_whole_and_no_file_leads_out_of_its_folder()
    {
        _hub.Add("shards", "config.json", "{}");
        _hub.Add("shards", "vocab.txt", "[PAD]");
        _hub.Add("shards", "model.safetensors.index.json",
            """{"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}""");
        _hub.Add("shards", "model-00001-of-00002.safetensors", "one");
        _hub.Add("shards", "model-00002-of-00002.safetensors", "two");
        _hub.Add("evil", "config.json", "{}");
        _hub.Add("evil", "vocab.txt", "[PAD]");
        _hub.Add("evil", "model.safetensors.index.json", """{"weight_map": {"a": "../../../../evil"}}""");

        Assert.Equal("two", File.ReadAllText(Path.Combine(Locate("shards"), "model-00002-of-00002.safetensors")));
        Assert.Contains("'../../../../evil'", Fails("evil").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_without_weights_and_one_without_a_vocabulary_are_named()
    {
        _hub.Add("bare", "config.json", "{}");
        Assert.Contains("bare: the model has no vocab.txt or tokenizer.json or vocab.json or sentencepiece.bpe.model", Fails("bare").Message,
            StringComparison.Ordinal);

        _hub.Add("bare", "vocab.txt", "[PAD]");
        Assert.Contains("bare: the model has no model.safetensors", Fails("bare").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cancelled_download_keeps_what_has_arrived()
    {
        using var cancellation = new CancellationTokenSource();
        (_hub.CutAfter, _hub.Cuts) = (100_000, 1);
        var progress = new Reports(step =>
        {
            if (step is { Share: > 0 and < 1 })
            {
                cancellation.Cancel();
            }
        });

        Assert.ThrowsAny<OperationCanceledException>(() => HubModels.Locate(Id, () => Settings(), progress, cancellation.Token));

        Assert.InRange(new FileInfo(Assert.Single(Directory.GetFiles(_cache, "*.incomplete", SearchOption.AllDirectories))).Length, 1,
            _weights.Length - 1);
    }

    [Theory]
    [InlineData("./models/demo")]
    [InlineData("/absent/model")]
    [InlineData("a/b/c")]
    [InlineData("out/model.onnx")]
    [InlineData("with space")]
    [InlineData("models/nope")]
    [InlineData("Runs/nope")]
    public void What_cannot_be_an_id_is_left_to_whoever_opens_it(string model) =>
        Assert.Equal(
            model, HubModels.Locate(model, () => throw new InvalidOperationException("The hub was asked."), null,
                TestContext.Current.CancellationToken));

    private string Locate(string model, Func<HubSettings, HubSettings>? change = null) =>
        HubModels.Locate(model, () => (change ?? (same => same))(Settings()), new Reports(_progress.Add), TestContext.Current.CancellationToken);

    private HubSettings Settings() => new() { Endpoint = _hub.Endpoint, CacheDirectory = _cache };

    private InputException Fails(string model, Func<HubSettings, HubSettings>? change = null) =>
        Assert.Throws<InputException>(() => Locate(model, change));

    private sealed class Reports(Action<HubProgress> report) : IProgress<HubProgress>
    {
        public void Report(HubProgress value)
        {
            lock (this)
            {
                report(value);
            }
        }
    }
}
