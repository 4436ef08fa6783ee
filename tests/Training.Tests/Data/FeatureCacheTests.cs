using LoraOnnx.Training.Data;

namespace LoraOnnx.Training.Tests.Data;

public sealed class FeatureCacheTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("features-").FullName;
    private readonly List<string> _warnings = [];
    private static readonly FeatureKey _key = new()
    {
        Base = "b",
        Adapter = null,
        Tokenizer = "t",
        Texts = "x",
        MaxLength = 512,
        Truncate = "head",
        Precision = "bf16",
        Engine = "torch",
        Device = "cpu",
        Threads = 2,
    };

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Features_are_found_again_under_the_same_key_only()
    {
        var cache = new FeatureCache(_directory, 1, _warnings.Add);
        float[][] features = [[1, 2], [3, 4], [5, float.Epsilon]];

        cache.Keep(_key, features);

        Assert.Equal(features, cache.Find(_key, texts: 3, width: 2));
        Assert.Null(cache.Find(_key with { MaxLength = 128 }, 3, 2));
        Assert.Null(cache.Find(_key with { Adapter = "a" }, 3, 2));
        Assert.Null(cache.Find(_key with { Precision = "fp32" }, 3, 2));
        Assert.Empty(_warnings);
    }

    [Fact]
    public void A_damaged_file_costs_time_and_not_the_run()
    {
        var cache = new FeatureCache(_directory, 1, _warnings.Add);
        cache.Keep(_key, [[1, 2]]);
        File.WriteAllBytes(Path.Combine(_directory, _key.FileName), [1, 2, 3]);

        Assert.Null(cache.Find(_key, 1, 2));
        Assert.Contains("computed anew", Assert.Single(_warnings));
    }

    [Fact]
    public void A_cache_that_cannot_be_written_costs_time_and_not_the_run()
    {
        var file = Path.Combine(_directory, "file");
        File.WriteAllText(file, "");

        new FeatureCache(Path.Combine(file, "cache"), 1, _warnings.Add).Keep(_key, [[1]]);

        Assert.Contains("not cached", Assert.Single(_warnings));
    }

    [Fact]
    public void A_set_of_more_numbers_than_a_tensor_holds_lies_in_several()
    {
        // A tensor holds fewer than 2^31 numbers; here it shall hold 4.
        var cache = new FeatureCache(_directory, 1, _warnings.Add, blockNumbers: 4);
        float[][] features = [.. Enumerable.Range(0, 7).Select(row => new float[] { row, -row })];

        cache.Keep(_key, features);

        Assert.Equal(features, cache.Find(_key, texts: 7, width: 2));
        Assert.Null(cache.Find(_key, texts: 8, width: 2));
        Assert.Equal(features, new FeatureCache(_directory, 1, _warnings.Add, blockNumbers: 4).Find(_key, 7, 2));
    }

    [Fact]
    public void What_was_used_least_recently_makes_room()
    {
        var keys = Enumerable.Range(0, 4).Select(index => _key with { Texts = $"texts {index}" }).ToList();
        var features = Enumerable.Range(0, 100).Select(_ => new float[25]).ToArray(); // 10,000 bytes and a header
        var cache = new FeatureCache(_directory, 32_000.0 / (1L << 30), _warnings.Add);
        foreach (var (key, index) in keys.Take(3).Select((key, index) => (key, index)))
        {
            cache.Keep(key, features);
            File.SetLastWriteTimeUtc(PathOf(key), DateTime.UtcNow.AddHours(index - 10)); // file systems tell apart what was written at once poorly
        }

        Assert.NotNull(cache.Find(keys[0], 100, 25));
        File.WriteAllText(Path.Combine(_directory, "notes.safetensors"), "theirs");
        cache.Keep(keys[3], features);

        Assert.Equal([true, false, true, true], keys.Select(key => File.Exists(PathOf(key))));
        Assert.True(File.Exists(Path.Combine(_directory, "notes.safetensors")));
    }

    [Fact]
    public void A_cache_of_size_0_keeps_and_finds_nothing()
    {
        new FeatureCache(_directory, 1, _warnings.Add).Keep(_key, [[1, 2]]);
        var cache = new FeatureCache(_directory, 0, _warnings.Add);

        cache.Keep(_key with { Texts = "more" }, [[1, 2]]);

        Assert.Null(cache.Find(_key, 1, 2));
        Assert.Single(Directory.GetFiles(_directory));
    }

    private string PathOf(FeatureKey key) => Path.Combine(_directory, key.FileName);
}
