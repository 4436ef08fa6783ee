using System.Diagnostics.Metrics;

namespace LoraOnnx.Serving.Telemetry;

/// <summary>
/// The instruments of the server; names follow OpenTelemetry, times are seconds. Tags: model, version, and where it applies reason or outcome.
/// </summary>
internal sealed class ServingMetrics : IDisposable
{
    public const string MeterName = "LoraOnnx.Serving";

    // From a cached answer to a queue of a minute; about two buckets a doubling where calls usually are.
    private static readonly double[] _secondBuckets =
        [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 30,
            60];

    private static readonly int[] _tokenBuckets = [16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384];
    private static readonly int[] _textBuckets = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

    private readonly Meter _meter = new(MeterName);

    public ServingMetrics()
    {
        Queue = Seconds("lora_serve.queue.duration", "Time a text waits for the engine.");
        Tokenize = Seconds("lora_serve.tokenize.duration", "Time to turn a text into token ids.");
        Infer = Seconds("lora_serve.infer.duration", "Time of the batch a text is in.");
        Total = Seconds("lora_serve.text.duration", "Time from the arrival of a text to its answer.");
        Texts = _meter.CreateCounter<long>("lora_serve.texts", "{text}", "Texts answered.");
        Tokens = _meter.CreateCounter<long>("lora_serve.tokens", "{token}", "Tokens the engine ran.");
        Shared = _meter.CreateCounter<long>("lora_serve.shared", "{text}", "Texts answered from the cache or from an identical text in flight.");
        Truncated = _meter.CreateCounter<long>("lora_serve.truncated", "{text}", "Texts that were cut at the model's limit.");
        Refusals = _meter.CreateCounter<long>("lora_serve.refusals", "{text}", "Texts refused, by reason.");
        BatchTokens = Count("lora_serve.batch.tokens", "{token}", "Tokens in a batch.", _tokenBuckets);
        BatchTexts = Count("lora_serve.batch.texts", "{text}", "Texts in a batch.", _textBuckets);
        Calls = _meter.CreateCounter<long>("lora_serve.calls", "{call}", "Calls, by caller and outcome; probes do not count.");
        ModelLoads = _meter.CreateCounter<long>("lora_serve.model.loads", "{load}", "Models loaded, by outcome.");
    }

    public Histogram<double> Queue { get; }

    public Histogram<double> Tokenize { get; }

    public Histogram<double> Infer { get; }

    public Histogram<double> Total { get; }

    public Counter<long> Texts { get; }

    public Counter<long> Tokens { get; }

    public Counter<long> Shared { get; }

    public Counter<long> Truncated { get; }

    public Counter<long> Refusals { get; }

    public Histogram<int> BatchTokens { get; }

    public Histogram<int> BatchTexts { get; }

    public Counter<long> Calls { get; }

    public Counter<long> ModelLoads { get; }

    /// <summary>A call came: what became of it at the door, and who made it.</summary>
    public void Called(string caller, string outcome) =>
        Calls.Add(1, new KeyValuePair<string, object?>("caller", caller), new KeyValuePair<string, object?>("outcome", outcome));

    /// <summary>Reads a gauge when metrics are collected.</summary>
    public void Observe(string name, string unit, string description, Func<IEnumerable<Measurement<long>>> read) =>
        _meter.CreateObservableGauge(name, read, unit, description);

    public void Dispose() => _meter.Dispose();

    private Histogram<double> Seconds(string name, string description) =>
        _meter.CreateHistogram(name, "s", description, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = _secondBuckets });

    private Histogram<int> Count(string name, string unit, string description, int[] buckets) =>
        _meter.CreateHistogram(name, unit, description, tags: null, new InstrumentAdvice<int> { HistogramBucketBoundaries = buckets });
}
