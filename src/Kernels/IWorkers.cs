namespace LoraOnnx.Kernels;

/// <summary>Threads that share a piece of work; whose they are is the caller's business. Which thread does what changes no bit.</summary>
public interface IWorkers
{
    /// <summary>How many run at the same time.</summary>
    int Threads { get; }

    /// <summary>Does items 0 to <paramref name="count"/> - 1, in any order, and returns when all are done.</summary>
    void Run(int count, Action<int> item);
}
