using LoraOnnx.Serving.Admission;
using LoraOnnx.Serving.Batching;
using LoraOnnx.Serving.Telemetry;

namespace LoraOnnx.Serving.Models;

/// <summary>What all models of a server share: engine slots, limits, clock and instruments.</summary>
internal sealed class ModelRuntime(ServingOptions options, WorkerPlan plan, ServingMetrics metrics, TimeProvider time) : IDisposable
{
    public ServingMetrics Metrics { get; } = metrics;

    public TimeProvider Time { get; } = time;

    public int Workers { get; } = plan.Workers;

    /// <summary>Batches that may run at once, over all models.</summary>
    public SemaphoreSlim EngineSlots { get; } = new(plan.Workers);

    /// <summary>Room for answers to exact texts, per model; 0: none are kept.</summary>
    public long CacheBytes { get; } = (long)options.CacheMebibytes << 20;

    /// <summary>Whether callers may share the work on identical texts; not where they have keys: one could learn of another's texts by it.</summary>
    public bool CallersShare { get; } = options.Access.Count == 0;

    public QueueLimits Limits { get; } = new()
    {
        LatencyTarget = options.LatencyTarget,
        QueueTokens = options.QueueTokens,
        BatchTokens = options.BatchTokens,
    };

    public void Dispose() => EngineSlots.Dispose();
}
