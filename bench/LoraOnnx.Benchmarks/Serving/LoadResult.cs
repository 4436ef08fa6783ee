using System.Diagnostics;
using Grpc.Core;

namespace LoraOnnx.Benchmarks.Serving;

/// <summary>What became of the calls of a load. Thread-safe.</summary>
internal sealed class LoadResult
{
    private readonly object _lock = new();
    private readonly List<double> _milliseconds = [];
    private readonly TimeSpan _processorBefore = Process.GetCurrentProcess().TotalProcessorTime;
    private readonly long _started = Stopwatch.GetTimestamp();
    private TimeSpan _elapsed;
    private TimeSpan _processor;

    public int Answered => _milliseconds.Count;

    public int Refused { get; private set; }

    public int Failed { get; private set; }

    public long Tokens { get; private set; }

    public string FirstFailure { get; private set; } = "";

    public double TextsPerSecond => Answered / _elapsed.TotalSeconds;

    public double TokensPerSecond => Tokens / _elapsed.TotalSeconds;

    /// <summary>Cores that the generator itself took.</summary>
    public double GeneratorCores => _processor / _elapsed;

    public double Elapsed => _elapsed.TotalSeconds;

    public void Add(uint tokens, TimeSpan latency)
    {
        lock (_lock)
        {
            Tokens += tokens;
            _milliseconds.Add(latency.TotalMilliseconds);
        }
    }

    public void Add(RpcException failure)
    {
        lock (_lock)
        {
            if (failure.StatusCode == StatusCode.ResourceExhausted)
            {
                Refused++;
                return;
            }

            Failed++;
            FirstFailure = FirstFailure.Length > 0 ? FirstFailure : failure.Status.ToString();
        }
    }

    /// <summary>The time of the load is over; what is still answered belongs to it.</summary>
    public void Stop()
    {
        _elapsed = Stopwatch.GetElapsedTime(_started);
        _processor = Process.GetCurrentProcess().TotalProcessorTime - _processorBefore;
    }

    public double Percentile(double share)
    {
        lock (_lock)
        {
            var sorted = _milliseconds.Order().ToArray();
            return sorted.Length == 0 ? double.NaN : sorted[Math.Min(sorted.Length - 1, (int)(share * sorted.Length))];
        }
    }
}
