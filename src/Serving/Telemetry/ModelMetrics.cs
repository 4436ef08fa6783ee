using System.Diagnostics;
using LoraOnnx.Serving.Batching;

namespace LoraOnnx.Serving.Telemetry;

/// <summary>The instruments with one model's name and version on them, and the sums that KServe's statistics ask for. Thread-safe.</summary>
internal sealed class ModelMetrics(ServingMetrics metrics, string model, string version)
{
    private readonly TagList _tags = new() { { "model", model }, { "version", version } };
    private readonly object _lock = new();
    private readonly SortedDictionary<int, Sum> _batches = [];
    private Snapshot _sums = new(default, default, default, default, default, default, DateTimeOffset.UnixEpoch, new Dictionary<int, Sum>());

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

        lock (_lock)
        {
            _sums = _sums with
            {
                Answered = _sums.Answered.Plus(classification.Total),
                Queue = _sums.Queue.Plus(classification.Queue),
                Tokenize = _sums.Tokenize.Plus(classification.Tokenize),
                Infer = _sums.Infer.Plus(classification.Infer),
                Shared = classification.Shared ? _sums.Shared.Plus(classification.Total) : _sums.Shared,
                LastAnswer = DateTimeOffset.UtcNow,
            };
        }
    }

    public void Refused(string reason, TimeSpan after)
    {
        metrics.Refusals.Add(1, new TagList { { "model", model }, { "version", version }, { "reason", reason } });
        lock (_lock)
        {
            _sums = _sums with { Refused = _sums.Refused.Plus(after) };
        }
    }

    public void BatchRan(int texts, int tokens, TimeSpan elapsed)
    {
        metrics.BatchTexts.Record(texts, _tags);
        metrics.BatchTokens.Record(tokens, _tags);
        metrics.Tokens.Add(tokens, _tags);
        lock (_lock)
        {
            _batches[texts] = _batches.GetValueOrDefault(texts).Plus(elapsed);
        }
    }

    public Snapshot Read()
    {
        lock (_lock)
        {
            return _sums with { Batches = new SortedDictionary<int, Sum>(_batches) };
        }
    }

    /// <summary>A number of events and their time.</summary>
    public readonly record struct Sum(long Count, TimeSpan Time)
    {
        public Sum Plus(TimeSpan time) => new(Count + 1, Time + time);
    }

    /// <summary>All sums at one moment.</summary>
    public sealed record Snapshot(
        Sum Answered, Sum Refused, Sum Queue, Sum Tokenize, Sum Infer, Sum Shared, DateTimeOffset LastAnswer, IReadOnlyDictionary<int, Sum> Batches);
}
