using System.Diagnostics;
using LoraOnnx.Serving.Batching;

namespace LoraOnnx.Serving.Telemetry;

/// <summary>The instruments with one model's name and version on them. Thread-safe.</summary>
internal sealed class ModelMetrics(ServingMetrics metrics, string model, string version)
{
    private readonly TagList _tags = new() { { "model", model }, { "version", version } };

    public void Answered(Classification classification)
    {
        metrics.Queue.Record(classification.Queue.TotalSeconds, _tags);
        metrics.Tokenize.Record(classification.Tokenize.TotalSeconds, _tags);
        metrics.Infer.Record(classification.Infer.TotalSeconds, _tags);
        metrics.Total.Record(classification.Total.TotalSeconds, _tags);
        metrics.Texts.Add(1, _tags);
        if (classification.Truncated)
        {
            metrics.Truncated.Add(1, _tags);
        }

        if (classification.Shared)
        {
            metrics.Shared.Add(1, _tags);
        }
    }

    public void Refused(string reason) =>
        metrics.Refusals.Add(1, new TagList { { "model", model }, { "version", version }, { "reason", reason } });

    public void BatchRan(int texts, int tokens)
    {
        metrics.BatchTexts.Record(texts, _tags);
        metrics.BatchTokens.Record(tokens, _tags);
        metrics.Tokens.Add(tokens, _tags);
    }
}
