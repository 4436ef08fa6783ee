namespace LoraOnnx.Serving.Tests.Support;

/// <summary>A clock that goes on only when told to, and its timers with it. They ring once.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly HashSet<Timer> _timers = [];
    private long _ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Read(ref _ticks);

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(GetTimestamp());

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    public void GoOn(TimeSpan time)
    {
        var now = Interlocked.Add(ref _ticks, time.Ticks);
        Timer[] due;
        lock (_lock)
        {
            due = [.. _timers.Where(timer => timer.DueAt <= now)];
            _timers.ExceptWith(due);
        }

        Array.ForEach(due, timer => timer.Ring());
    }

    /// <summary>The time stamp that is so far ahead.</summary>
    public long In(TimeSpan time) => GetTimestamp() + time.Ticks;

    private sealed class Timer(ManualTime time, Action ring) : ITimer
    {
        public long DueAt { get; private set; }

        public Action Ring { get; } = ring;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._lock)
            {
                DueAt = time.In(dueTime);
                _ = dueTime == Timeout.InfiniteTimeSpan ? time._timers.Remove(this) : time._timers.Add(this);
                return true;
            }
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
