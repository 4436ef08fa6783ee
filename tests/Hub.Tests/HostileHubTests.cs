using System.Diagnostics;

namespace LoraOnnx.Hub.Tests;

/// <summary>A hub, or a mirror, that means no good: sizes, lists, names and redirects are held to what they may be.</summary>
public sealed class HostileHubTests : IAsyncLifetime
{
    private const string Id = "datasets/someone/reviews";
    private readonly string _cache = Directory.CreateTempSubdirectory("hub-cache-").FullName;
    private readonly long _started = Stopwatch.GetTimestamp();
    private FakeHub _hub = null!; // InitializeAsync makes it before any test

    public async ValueTask InitializeAsync()
    {
        _hub = await FakeHub.StartAsync();
        _hub.Add(Id, "train.jsonl", new byte[1 << 20]);
    }

    public async ValueTask DisposeAsync()
    {
        var written = Directory.EnumerateFiles(_cache, "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length);
        TestContext.Current.TestOutputHelper?.WriteLine($"{_hub.Requests.Count} requests, {_hub.Downloads} of them for content, {written} bytes "
            + $"left in the cache, {Stopwatch.GetElapsedTime(_started).TotalSeconds:0.0} s");
        await _hub.DisposeAsync();
        Directory.Delete(_cache, recursive: true);
    }

    [Fact]
    public void More_than_was_declared_is_not_written()
    {
        _hub.DeclaredSize = 100;

        Assert.Contains("train.jsonl: more arrives than the 100 bytes that the hub declares; it was removed.", Fails());
        Assert.Equal(0, Directory.EnumerateFiles(Path.Combine(_cache, "datasets--someone--reviews", "blobs")).Sum(file => new FileInfo(file).Length));
    }

    [Fact]
    public void A_store_that_gives_a_byte_a_connection_is_given_up()
    {
        (_hub.CutAfter, _hub.Cuts) = (1, int.MaxValue);

        Assert.Contains("the download stopped after", Fails());
        Assert.InRange(_hub.Downloads, 1, 9); // three attempts of three connections
    }

    [Fact]
    public void A_store_that_lets_a_file_begin_anew_again_and_again_is_given_up()
    {
        (_hub.RefusesRanges, _hub.CutAfter, _hub.Cuts) = (true, 1 << 16, 100); // enough to be worth another connection, were it new

        Assert.Contains("the download stopped after", Fails());
        Assert.InRange(_hub.Downloads, 1, 9);
    }

    [Theory]
    [InlineData("abc")]
    [InlineData("0123456789abcdef0123456789abcdef0123456g")]
    public void A_commit_that_is_none_is_refused(string commit)
    {
        _hub.SaidCommit = commit;

        Assert.Contains("does not answer as the Hugging Face hub does", Fails());
    }

    [Fact]
    public void A_redirect_without_a_scheme_to_another_host_is_not_inside_the_hub()
    {
        _hub.Redirect = "//203.0.113.1/x"; // followed, the test would wait for a host that does not exist

        Assert.Contains("ETag of someone/reviews/train.jsonl is missing", Fails());
    }

    [Theory]
    [InlineData("train\0.jsonl")]
    [InlineData("../train.jsonl")]
    [InlineData("/train.jsonl")]
    [InlineData("a//train.jsonl")]
    [InlineData("C:train.jsonl")]
    public void Names_that_leave_the_repository_or_are_none_are_not_asked_for(string name)
    {
        _hub.ListedOnly = [name];

        Assert.Equal("train.jsonl", Path.GetFileName(Assert.Single(Locate())));
    }

    [Fact]
    public void A_list_without_an_end_is_refused()
    {
        _hub.ListedOnly = [.. Enumerable.Range(0, 20_000).Select(number => $"{new string('x', 1000)}{number}")];

        Assert.Contains("the list of files is larger than 16 MiB", Fails());
    }

    [Fact]
    public void A_reference_in_the_cache_that_is_no_commit_is_named()
    {
        var refs = Directory.CreateDirectory(Path.Combine(_cache, "datasets--someone--reviews", "refs")).FullName;
        File.WriteAllText(Path.Combine(refs, "main"), "../../elsewhere");

        Assert.Contains("holds '../../elsewhere', expected a commit of 40 digits.",
            Assert.Throws<InputException>(() => Locate(offline: true)).Message);
    }

    private IReadOnlyList<string> Locate(bool offline = false) => HubDatasets.Locate("hf:someone/reviews:train",
        new HubSettings { Endpoint = _hub.Endpoint, CacheDirectory = _cache, IsOffline = offline }, null, TestContext.Current.CancellationToken);

    private string Fails() => Assert.Throws<InputException>(() => Locate()).Message;
}
