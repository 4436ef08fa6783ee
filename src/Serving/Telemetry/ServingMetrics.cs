using System.Diagnostics.Metrics;

namespace LoraOnnx.Serving.Telemetry;

/// <summary>The instruments of the server; names follow OpenTelemetry, times are seconds. Tags: model, version, and where it applies reason or protocol.</summary>
internal sealed class ServingMetrics : IDisposable
{
    public const string MeterName = "LoraOnnx.Serving";

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
        BatchTokens = _meter.CreateHistogram<int>("lora_serve.batch.tokens", "{token}", "Tokens in a batch.");
        BatchTexts = _meter.CreateHistogram<int>("lora_serve.batch.texts", "{text}", "Texts in a batch.");
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

    public Counter<long> ModelLoads { get; }

    public void Dispose() => _meter.Dispose();

    private Histogram<double> Seconds(string name, string description) => _meter.CreateHistogram<double>(name, "s", description);
}
