using LoraOnnx.Model.Adapters;
using LoraOnnx.Training.Data;
using LoraOnnx.Training.Display;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Options;

namespace LoraOnnx.Training.Loop;

/// <summary>The encoder as it is, base or base with adapters: gives each text's features, from the cache where they are. The network is built only when needed.</summary>
internal sealed class FrozenEncoder : IDisposable
{
    private readonly BaseModel _base;
    private readonly LoraAdapter? _adapter;
    private readonly EngineOptions _options;
    private readonly Func<TextSet, FeatureKey> _key;
    private readonly FeatureCache _cache;
    private readonly ITrainingDisplay _display;
    private TrainingEngine? _engine;

    public FrozenEncoder(BaseModel @base, LoraAdapter? adapter, TrainingOptions options, Machine machine, Precision precision, FeatureCache cache, ITrainingDisplay display)
    {
        _base = @base;
        _adapter = adapter;
        _cache = cache;
        _display = display;
        _options = EngineSettings.Create(options, machine, precision) with
        {
            Adapter = adapter is null ? null : AdapterOptions.Plan(options, @base.Config),
            TrainHead = true, // an engine trains something; the head is what comes after the features
        };
        _key = texts => new FeatureKey
        {
            Base = @base.Hash,
            Adapter = adapter?.ContentHash,
            Tokenizer = @base.Tokenizer.ContentHash,
            Texts = texts.Hash,
            MaxLength = @base.MaxLength(options),
            Truncate = EnumNames.Of(options.Truncate),
            Precision = EnumNames.Of(precision),
            Device = machine.DeviceName,
            Threads = machine.Threads,
        };
    }

    /// <summary>Features [texts][width], in the order of the set.</summary>
    public float[][] Features(TextSet texts, CancellationToken cancellationToken)
    {
        var key = _key(texts);
        if (_cache.Find(key, texts.Count, _base.Config.Shape.Width) is { } cached)
        {
            _display.Note($"features of {texts.Count} {texts.Role} texts: from the cache.");
            return cached;
        }

        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        _engine ??= TrainingEngine.Create(_base.Weights, _options, WithoutHead(_adapter));
        var features = Encoding.Run(texts, _engine.Features, cancellationToken, done => _display.Preparing($"features of {texts.Count} {texts.Role} texts", (double)done / texts.Tokens));
        var seconds = System.Diagnostics.Stopwatch.GetElapsedTime(started).TotalSeconds;
        _display.Note($"features of {texts.Count} {texts.Role} texts: {seconds:0.0} s, {texts.Tokens / seconds:0} tokens/s, {key.Precision}.");
        _cache.Keep(key, features);
        return features;
    }

    public void Dispose() => _engine?.Dispose();

    /// <summary>The head does not matter for features, and one that is being trained may not come with the adapter.</summary>
    private static LoraAdapter? WithoutHead(LoraAdapter? adapter) => adapter is null ? null : new LoraAdapter(adapter.Modules, []);
}
