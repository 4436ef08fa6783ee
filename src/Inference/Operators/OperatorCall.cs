using System.Collections.Concurrent;
using LoraOnnx.Kernels;

namespace LoraOnnx.Inference.Operators;

/// <summary>
/// One call of an operator: its tensors, which belong to the runtime, and the session's threads. Calls are used again: <see cref="Rent"/> takes one,
/// disposal gives it back.
/// </summary>
internal sealed unsafe class OperatorCall : IDisposable
{
    private static readonly ConcurrentQueue<OperatorCall> _spare = new();

    private readonly RuntimeWorkers _workers = new();
    private nint _context;

    private OperatorCall()
    {
    }

    /// <summary>The call of a context, which may use so many threads.</summary>
    public static OperatorCall Rent(nint context, int threads)
    {
        var call = _spare.TryDequeue(out var spare) ? spare : new OperatorCall();
        call._context = context;
        call._workers.Begin(context, threads);
        return call;
    }

    /// <summary>The session's threads, for this call.</summary>
    public IWorkers Workers => _workers;

    /// <summary>An input.</summary>
    public OperatorTensor Input(int index)
    {
        var value = RuntimeApi.Input(_context, index);
        Span<long> lengths = stackalloc long[2];
        var axes = RuntimeApi.Shape(value, lengths);
        return new OperatorTensor((nint)RuntimeApi.Numbers(value), lengths[0], axes == 1 ? 1 : lengths[1]);
    }

    /// <summary>Where the output's numbers go.</summary>
    public float* Output(params ReadOnlySpan<long> shape) => (float*)RuntimeApi.Numbers(RuntimeApi.Output(_context, 0, shape));

    /// <inheritdoc/>
    public void Dispose() => _spare.Enqueue(this);
}

/// <summary>The numbers of a vector or matrix.</summary>
internal readonly record struct OperatorTensor(nint Numbers, long Rows, long Columns);
