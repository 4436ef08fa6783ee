
namespace LoraOnnx.Hub.Tests;

public sealed class HubDatasetsTests : IAsyncLifetime
{
    private const string Id = "datasets/stanfordnlp/imdb";
    private readonly string _cache = Directory.CreateTempSubdirectory("hub-cache-").FullName;
    private FakeHub _hub = null!; // InitializeAsync makes it before any test

    public async ValueTask InitializeAsync() => _hub = await FakeHub.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        Directory.Delete(_cache, recursive: true);
    }

    [Fact]
    public void All_files_of_the_split_come_in_order_and_lie_as_Python_lays_them()
    {
        Add("README.md", "plain_text/test-00000-of-00001.parquet", "plain_text/train-00001-of-00002.parquet",
            "plain_text/train-00000-of-00002.parquet", "plain_text/unsupervised-00000-of-00001.parquet");

        var files = Locate("hf:stanfordnlp/imdb:train");

        var snapshot = Path.Combine(_cache, "datasets--stanfordnlp--imdb", "snapshots", FakeHub.Commit, "plain_text");
        Assert.Equal([Path.Combine(snapshot, "train-00000-of-00002.parquet"), Path.Combine(snapshot, "train-00001-of-00002.parquet")], files);
        Assert.Equal(["plain_text/train-00000-of-00002.parquet", "plain_text/train-00001-of-00002.parquet"], files.Select(File.ReadAllText));
    }

    [Fact]
    public void A_configuration_is_chosen_by_name_and_asked_for_where_there_are_several()
    {
        Add("sst2/train-00000-of-00001.parquet", "cola/train-00000-of-00001.parquet");

        Assert.Equal("sst2/train-00000-of-00001.parquet", File.ReadAllText(Locate("hf:stanfordnlp/imdb:sst2:train").Single()));
        var failure = Fails("hf:stanfordnlp/imdb:train");
        Assert.Contains("several configurations: cola, sst2", failure.Message, StringComparison.Ordinal);
        Assert.Contains("hf:stanfordnlp/imdb:CONFIGURATION:train", failure.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void A_dataset_of_another_form_is_read_from_the_branch_where_the_hub_keeps_it_as_Parquet()
    {
        Add("loader.py");
        _hub.Add(Id, "plain_text/train/0000.parquet", "converted"u8.ToArray(), "refs/convert/parquet");

        Assert.Equal("converted", File.ReadAllText(Locate("hf:stanfordnlp/imdb:train").Single()));
    }

    [Fact]
    public void A_mirror_that_lists_the_default_revision_only_will_do()
    {
        Add("train.parquet");
        _hub.IsMirror = true;

        Assert.Equal("train.parquet", File.ReadAllText(Locate("hf:stanfordnlp/imdb:train").Single()));
    }

    [Fact]
    public void Without_a_network_and_offline_the_cache_is_used_if_it_is_complete()
    {
        Add("train-00000-of-00002.parquet", "train-00001-of-00002.parquet");
        var files = Locate("hf:stanfordnlp/imdb:train");

        Assert.Equal(files, Locate("hf:stanfordnlp/imdb:train", settings => settings with { IsOffline = true }));
        Assert.Equal(files, Locate("hf:stanfordnlp/imdb:train", settings => settings with { Endpoint = new Uri("http://127.0.0.1:9") }));
        File.Delete(files[1]);
        Assert.Contains("the cache", Fails("hf:stanfordnlp/imdb:train", settings => settings with { IsOffline = true }).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_there_and_names_that_are_none_are_errors()
    {
        Add("test.parquet", "../../train.parquet");

        Assert.Contains("no such split", Fails("hf:stanfordnlp/imdb:train").Message, StringComparison.Ordinal);
        Assert.Contains("test.parquet", Fails("hf:stanfordnlp/imdb:train").Hint, StringComparison.Ordinal);
        Assert.Contains("says 404: there is no such dataset", Fails("hf:stanfordnlp/absent:train").Message, StringComparison.Ordinal);
        Assert.All(["hf:stanfordnlp/imdb", "hf::train", "hf:a b:train", "hf:x:"],
            source => Assert.Contains("expected hf:NAME:SPLIT", Fails(source).Message, StringComparison.Ordinal));
    }

    private void Add(params string[] names) => Array.ForEach(names, name => _hub.Add(Id, name, name));

    private IReadOnlyList<string> Locate(string source, Func<HubSettings, HubSettings>? change = null) =>
        HubDatasets.Locate(source, (change ?? (same => same))(new HubSettings { Endpoint = _hub.Endpoint, CacheDirectory = _cache }), null,
            TestContext.Current.CancellationToken);

    private InputException Fails(string source, Func<HubSettings, HubSettings>? change = null) =>
        Assert.Throws<InputException>(() => Locate(source, change));
}
