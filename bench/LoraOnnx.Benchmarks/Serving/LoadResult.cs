using System.Diagnostics;
using Grpc.Core;

namespace LoraOnnx.Benchmarks.Serving;

/// <summary>
/// What became of a load. Throughput counts what is answered between <see cref="Begin"/> and <see cref="Stop"/>, while the load goes on before and
/// after, so that neither filling nor draining the queue is in it; latencies, refusals and failures count for all calls that end after
/// <see cref="Begin"/>.
/// </summary>
internal sealed class LoadResult
{
    private readonly object _lock = new();
    private readonly List<double> _milliseconds = [];
    private TimeSpan _processorBefore;
    private long _started;
    private bool _begun;
    private bool _counting;
    private TimeSpan _elapsed;
    private TimeSpan _processor;
    private long _tokens;
    private int _texts;

    public int Answered => _milliseconds.Count;

    public int Refused { get; private set; }

    public int Failed { get; private set; }

    public string FirstFailure { get; private set; } = "";

    public IReadOnlyList<double> Milliseconds => _milliseconds;

    public double TextsPerSecond => _texts / _elapsed.TotalSeconds;

    public double TokensPerSecond => _tokens / _elapsed.TotalSeconds;

    /// <summary>Cores that the generator itself took.</summary>
    public double GeneratorCores => _processor / _elapsed;

    public TimeSpan Elapsed => _elapsed;

    public void Begin()
    {
        lock (_lock)
        {
            (_begun, _counting) = (true, true);
            _started = Stopwatch.GetTimestamp();
            _processorBefore = Process.GetCurrentProcess().TotalProcessorTime;
        }
    }

    public void Stop()
    {
        lock (_lock)
        {
            _counting = false;
            _elapsed = Stopwatch.GetElapsedTime(_started);
            _processor = Process.GetCurrentProcess().TotalProcessorTime - _processorBefore;
        }
    }

    public void Add(uint tokens, TimeSpan latency)
    {
        lock (_lock)
        {
            if (_begun)
            {
                _milliseconds.Add(latency.TotalMilliseconds);
            }

            if (_counting)
            {
                _tokens += tokens;
                _texts++;
            }
        }
    }

    public void Add(RpcException failure)
    {
        lock (_lock)
        {
            if (failure.StatusCode != StatusCode.ResourceExhausted)
            {
                Failed++;
                FirstFailure = FirstFailure.Length > 0 ? FirstFailure : failure.Status.ToString();
            }
            else if (_begun)
            {
                Refused++;
            }
        }
    }
}
