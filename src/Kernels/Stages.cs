using System.Runtime.ExceptionServices;

namespace LoraOnnx.Kernels;

/// <summary>
/// Pieces of work that follow one another, each cut into items that any thread may do. Threads are asked for once; between two stages they wait
/// busily for each other, which takes a microsecond where waking a thread takes ten. A thread that comes late, or never, holds nobody up: items are
/// taken, not given.
/// </summary>
internal sealed class Stages
{
    private readonly List<Stage> _stages = [];
    private readonly Action<int> _work;
    private ExceptionDispatchInfo? _failure;

    public Stages() => _work = _ => Work();

    /// <summary>Adds a stage.</summary>
    /// <param name="count">How many items it has, asked when a run begins.</param>
    /// <param name="item">Does one.</param>
    public void Add(Func<int> count, Action<int> item) => _stages.Add(new Stage(count, item));

    /// <summary>Does all stages; one run at a time.</summary>
    public void Run(IWorkers workers)
    {
        _failure = null;
        foreach (var stage in _stages)
        {
            stage.Begin();
        }

        if (workers.Threads == 1)
        {
            Work();
        }
        else
        {
            workers.Run(workers.Threads, _work);
        }

        _failure?.Throw();
    }

    private void Work()
    {
        foreach (var stage in _stages)
        {
            if (stage.Work() is { } failure)
            {
                _failure ??= failure;
            }

            stage.Wait();
        }
    }

    private sealed class Stage(Func<int> count, Action<int> item)
    {
        private int _count;
        private int _next;
        private int _done;

        public void Begin() => (_count, _next, _done) = (count(), 0, 0);

        /// <summary>Takes items until there are none, and says what went wrong first: that is thrown when no thread is at work any more.</summary>
        public ExceptionDispatchInfo? Work()
        {
            ExceptionDispatchInfo? failure = null;
            for (var mine = Interlocked.Increment(ref _next); mine <= _count; mine = Interlocked.Increment(ref _next))
            {
                try
                {
                    item(mine - 1);
                }
                catch (Exception caught)
                {
                    failure ??= ExceptionDispatchInfo.Capture(caught);
                }

                Interlocked.Increment(ref _done);
            }

            return failure;
        }

        public void Wait()
        {
            var spin = default(SpinWait);
            while (Volatile.Read(ref _done) < _count)
            {
                spin.SpinOnce(sleep1Threshold: -1);
            }
        }
    }
}
