using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using LoraOnnx.Kernels;

namespace LoraOnnx.Inference.Operators;

/// <summary>The threads of the session in which an operator is called; they are lent for the length of the call.</summary>
internal sealed unsafe class RuntimeWorkers : IWorkers
{
    private readonly GCHandle _self; // as long as the process: there are as many as there ever were calls at once
    private nint _context;
    private Action<int>? _item;
    private ExceptionDispatchInfo? _failure;

    public RuntimeWorkers() => _self = GCHandle.Alloc(this);

    /// <inheritdoc/>
    public int Threads { get; private set; }

    /// <summary>From now on the threads are those of this call.</summary>
    public void Begin(nint context, int threads) => (_context, Threads) = (context, threads);

    /// <inheritdoc/>
    public void Run(int count, Action<int> item)
    {
        (_item, _failure) = (item, null);
        RuntimeApi.ParallelFor(_context, &Do, count, (void*)GCHandle.ToIntPtr(_self));
        _failure?.Throw();
    }

    /// <summary>No exception may leave for native code: the first is kept and thrown on the caller's thread.</summary>
    [UnmanagedCallersOnly]
    private static void Do(void* state, nuint item)
    {
        var workers = (RuntimeWorkers)GCHandle.FromIntPtr((nint)state).Target!; // allocated above, never freed
        try
        {
            workers._item!((int)item); // set above
        }
        catch (Exception failure)
        {
            workers._failure ??= ExceptionDispatchInfo.Capture(failure);
        }
    }
}
