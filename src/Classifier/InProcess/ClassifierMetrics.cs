using System.Diagnostics.Metrics;

namespace LoraOnnx;

/// <summary>What the meter <c>LoraOnnx</c> tells, each with the tag <c>model</c>: texts, tokens, batches and their times.</summary>
internal sealed class ClassifierMetrics : IDisposable
{
    public const string MeterName = "LoraOnnx";

    private readonly Meter _meter;
    private readonly Counter<long> _texts;
    private readonly Counter<long> _tokens;
    private readonly Counter<long> _cut;
    private readonly Histogram<int> _batchTexts;
    private readonly Histogram<double> _batchSeconds;

    public ClassifierMetrics(IMeterFactory? factory, string model)
    {
        var options = new MeterOptions(MeterName) { Tags = [new("model", model)] };
        _meter = factory?.Create(options) ?? new Meter(options);
        _texts = _meter.CreateCounter<long>("lora_onnx.texts", "{text}", "Texts that were classified.");
        _tokens = _meter.CreateCounter<long>("lora_onnx.tokens", "{token}", "Tokens that the model read.");
        _cut = _meter.CreateCounter<long>("lora_onnx.texts.truncated", "{text}", "Texts that were longer than the model reads.");
        _batchTexts = _meter.CreateHistogram<int>("lora_onnx.batch.texts", "{text}", "Texts of a batch.");
        _batchSeconds = _meter.CreateHistogram<double>("lora_onnx.batch.duration", "s", "Time of a batch in the engine.");
    }

    public void BatchRan(ReadOnlySpan<WaitingText> texts, TimeSpan elapsed)
    {
        var (tokens, cut) = (0L, 0);
        foreach (var text in texts)
        {
            tokens += text.Ids.Length;
            cut += text.IsTruncated ? 1 : 0;
        }

        _texts.Add(texts.Length);
        _tokens.Add(tokens);
        _cut.Add(cut);
        _batchTexts.Record(texts.Length);
        _batchSeconds.Record(elapsed.TotalSeconds);
    }

    public void Dispose() => _meter.Dispose();
}
