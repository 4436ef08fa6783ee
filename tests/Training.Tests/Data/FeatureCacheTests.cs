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
        Device = "cpu",
        Threads = 2,
    };

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Features_are_found_again_under_the_same_key_only()
    {
        var cache = new FeatureCache(_directory, _warnings.Add);
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
        var cache = new FeatureCache(_directory, _warnings.Add);
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

        new FeatureCache(Path.Combine(file, "cache"), _warnings.Add).Keep(_key, [[1]]);

        Assert.Contains("not cached", Assert.Single(_warnings));
    }
}
