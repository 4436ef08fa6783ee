using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using LoraOnnx.Kernels;

namespace LoraOnnx.Inference.Operators;

/// <summary>The threads of the session in which an operator is called; they are lent for the length of the call.</summary>
internal sealed unsafe class RuntimeWorkers(nint context, int threads) : IWorkers
{
    /// <inheritdoc/>
    public int Threads => threads;

    /// <inheritdoc/>
    public void Run(int count, Action<int> item)
    {
        var work = new Work(item);
        var handle = GCHandle.Alloc(work);
        try
        {
            RuntimeApi.ParallelFor(context, &Do, count, (void*)GCHandle.ToIntPtr(handle));
        }
        finally
        {
            handle.Free();
        }

        work.Failure?.Throw();
    }

    /// <summary>No exception may leave for native code: the first is kept and thrown on the caller's thread.</summary>
    [UnmanagedCallersOnly]
    private static void Do(void* state, nuint item)
    {
        var work = (Work)GCHandle.FromIntPtr((nint)state).Target!; // allocated above, freed after the last item
        try
        {
            work.Item((int)item);
        }
        catch (Exception failure)
        {
            work.Failure ??= ExceptionDispatchInfo.Capture(failure);
        }
    }

    private sealed class Work(Action<int> item)
    {
        public Action<int> Item => item;

        public ExceptionDispatchInfo? Failure { get; set; }
    }
}
