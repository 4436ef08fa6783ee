namespace LoraOnnx.Kernels;

/// <summary>The threads of .NET's pool.</summary>
public sealed class PoolWorkers(int threads) : IWorkers
{
    private readonly ParallelOptions _options = new() { MaxDegreeOfParallelism = threads };

    /// <inheritdoc/>
    public int Threads => threads;

    /// <inheritdoc/>
    public void Run(int count, Action<int> item)
    {
        var next = -1;
        Parallel.For(0, Math.Min(threads, count), _options, _ =>
        {
            // One item at a time: Parallel.For hands out more and more of them at once, and the last thread has a long end.
            for (var mine = Interlocked.Increment(ref next); mine < count; mine = Interlocked.Increment(ref next))
            {
                item(mine);
            }
        });
    }
}
