namespace LoraOnnx.Serving.Batching;

/// <summary>How the cores are shared out: so many batches at a time, each on so many threads.</summary>
/// <param name="Workers">Batches that run at the same time, over all models.</param>
/// <param name="ThreadsPerRun">Threads of one run.</param>
internal readonly record struct WorkerPlan(int Workers, int ThreadsPerRun)
{
    /// <summary>
    /// Up to four cores work on one batch, which halves and quarters the latency of a lone request; beyond four, a run of this size gains little from
    /// more threads, and a second batch beside it gains all. Options that are not zero are taken as they are.
    /// <see cref="Environment.ProcessorCount"/> honours container limits.
    /// </summary>
    public static WorkerPlan For(int cores, int workers, int threadsPerRun)
    {
        var threads = threadsPerRun > 0 ? threadsPerRun : workers > 0 ? Math.Max(1, cores / workers) : Math.Min(cores, 4);
        return new WorkerPlan(workers > 0 ? workers : Math.Max(1, cores / threads), threads);
    }
}
