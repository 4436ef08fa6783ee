using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Torch;

/// <summary>
/// Loops on the threads that libtorch computes with. After each operation those wait for the next one busily, for about a millisecond: other threads
/// would have to share the processors with them.
/// </summary>
internal static unsafe class TorchThreads
{
    private static readonly delegate* unmanaged<delegate* unmanaged<nint, void>, nint, uint, uint, void> _parallel = FindParallel();

    /// <summary>Calls <paramref name="body"/> for 0 to <paramref name="count"/> - 1, in any order, on as many threads as libtorch uses.</summary>
    public static void For(int count, Action<int> body)
    {
        var threads = Math.Min(count, get_num_threads());
        if (threads > 1 && _parallel is null)
        {
            Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = threads }, body);
            return;
        }

        var job = new Job(count, body);
        if (threads <= 1)
        {
            job.Work();
        }
        else
        {
            var handle = GCHandle.Alloc(job);
            _parallel(&Work, GCHandle.ToIntPtr(handle), (uint)threads, 0);
            handle.Free();
        }

        job.ThrowIfFailed();
    }

    /// <summary>What GCC compiles "omp parallel" to, in the OpenMP library that came with libtorch; null where that is another.</summary>
    private static delegate* unmanaged<delegate* unmanaged<nint, void>, nint, uint, uint, void> FindParallel() =>
        NativeTorch.OpenMp() is { } library && NativeLibrary.TryGetExport(library, "GOMP_parallel", out var address)
            ? (delegate* unmanaged<delegate* unmanaged<nint, void>, nint, uint, uint, void>)address : null;

    [UnmanagedCallersOnly]
    private static void Work(nint handle) => ((Job)GCHandle.FromIntPtr(handle).Target!).Work(); // the handle's own

    private sealed class Job(int count, Action<int> body)
    {
        private int _next = -1;
        private ExceptionDispatchInfo? _failure;

        public void Work()
        {
            try
            {
                for (var index = Interlocked.Increment(ref _next); index < count; index = Interlocked.Increment(ref _next))
                {
                    body(index);
                }
            }
            catch (Exception failure)
            {
                // It must not pass through native frames.
                _failure = ExceptionDispatchInfo.Capture(failure);
                Interlocked.Exchange(ref _next, count);
            }
        }

        public void ThrowIfFailed() => _failure?.Throw();
    }
}
