using System.Diagnostics;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Training.Data;
using LoraOnnx.Training.Display;
using LoraOnnx.Training.Engine;

namespace LoraOnnx.Training.Loop;

/// <summary>Features of the encoder as it is, base or base with adapters, from the cache where they are. The network is built only when
/// needed.</summary>
internal sealed class CachedFeatures(TrainingJob job, LoraAdapter? adapter, BasePrecision precision) : IDisposable
{
    private IEncoder? _encoder;

    /// <summary>What the features are for, while they are computed.</summary>
    public string Purpose { get; set; } = "features";

    /// <summary>Features [texts][width], in the order of the set.</summary>
    public float[][] Of(TextSet texts, CancellationToken cancellationToken)
    {
        if (job.Texts.Per is null || adapter is not null)
        {
            return Encode(texts, Key(texts), cancellationToken);
        }

        // The base is the same for all values of --per: their texts are encoded together, once.
        var (whole, places) = texts.Whole ?? (texts, []);
        var key = Key(whole);
        if (!whole.Features.TryGetValue(key, out var all))
        {
            whole.Features.Add(key, all = Encode(whole, key, cancellationToken));
        }

        return texts.Whole is null ? all : [.. places.Select(place => all[place])];
    }

    private float[][] Encode(TextSet texts, FeatureKey key, CancellationToken cancellationToken)
    {
        if (job.Cache.Find(key, texts.Count, job.Base.Config.Shape.Width) is { } cached)
        {
            job.Display.Note($"features of {texts.Count} {texts.Role} texts: from the cache.");
            return cached;
        }

        var started = Stopwatch.GetTimestamp();
        // The head does not matter for features, and one that is being trained may not come with the adapter.
        _encoder ??= job.Engine.Encoder(job.Base.Weights, adapter is null ? null : new LoraAdapter(adapter.Modules, []), precision);
        var features = LengthSortedPass.Run(texts, _encoder.Features, cancellationToken,
            new PassProgress(job.Display, $"{Purpose}: {texts.Count} {texts.Role} texts", texts.Tokens).Done);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        job.Display.Note($"features of {texts.Count} {texts.Role} texts: {seconds:0.0} s, {texts.Tokens / seconds:0} tokens/s, {key.Precision}.");
        job.Cache.Keep(key, features);
        return features;
    }

    public void Dispose() => _encoder?.Dispose();

    private FeatureKey Key(TextSet texts) => new()
    {
        Base = job.Base.Hash,
        Adapter = adapter?.ContentHash,
        Tokenizer = job.Base.Tokenizer.ContentHash,
        Texts = texts.Hash,
        MaxLength = job.Options.MaxLength,
        Truncate = EnumNames.Of(job.Options.Truncate),
        Precision = EnumNames.Of(precision),
        Engine = job.Engine.Name,
        Device = EnumNames.Of(job.Options.Machine.Device),
        Threads = job.Options.Machine.Threads,
    };
}
