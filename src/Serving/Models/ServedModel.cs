using LoraOnnx.Inference;
using LoraOnnx.Model.Metrics;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Serving.Batching;
using LoraOnnx.Serving.Telemetry;

namespace LoraOnnx.Serving.Models;

/// <summary>One version of a model in memory: tokenizer, queue, engine threads. Thread-safe.</summary>
internal sealed class ServedModel : IDisposable
{
    /// <summary>[CLS] and [SEP].</summary>
    private const int FewestTokens = 2;

    private readonly LoadedEngine _engine;
    private readonly TokenQueue _queue;
    private readonly EngineSpeed _speed;
    private readonly QueueLimits _limits;
    private readonly Batcher _batcher;
    private readonly TextCache _cache;
    private readonly TimeProvider _time;
    private readonly object _leaseLock = new();
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _leases;
    private bool _retired;

    public ServedModel(string name, string version, LoadedEngine engine, Calibration calibration, string filesStamp, ModelRuntime runtime, double tokensPerSecond)
    {
        Name = name;
        Version = version;
        FilesStamp = filesStamp;
        Calibration = calibration;
        _engine = engine;
        _time = runtime.Time;
        _speed = new EngineSpeed(tokensPerSecond, runtime.Workers);
        _limits = runtime.Limits;
        Metrics = new ModelMetrics(runtime.Metrics, name, version);
        _cache = new TextCache(runtime.CacheBytes);
        _queue = new TokenQueue(_speed, _limits, _time);
        _batcher = new Batcher(engine.Run, _queue, _speed, runtime.EngineSlots, _limits, _time, Metrics);
    }

    public string Name { get; }

    public string Version { get; }

    public Calibration Calibration { get; }

    /// <summary>What <see cref="Models.FilesStamp"/> said when the files were read.</summary>
    public string FilesStamp { get; }

    public ModelMetrics Metrics { get; }

    public ModelDescription Description => _engine.Model;

    public TextTokenizer Tokenizer => _engine.Tokenizer;

    /// <summary>Most tokens in the next batch.</summary>
    public int BatchTokens => _limits.Budget(_speed);

    /// <summary>Tokens that may wait now.</summary>
    public long QueueCapacity => _limits.Capacity(_speed);

    public double TokensPerSecond => _speed.TokensPerSecond;

    public long QueuedTokens => _queue.QueuedTokens;

    public int QueuedTexts => _queue.QueuedTexts;

    /// <summary>Takes part in the model's life; false when it is on its way out. Every true is followed by one <see cref="Release"/>.</summary>
    public bool TryLease()
    {
        lock (_leaseLock)
        {
            _leases += _retired ? 0 : 1;
            return !_retired;
        }
    }

    public void Release()
    {
        lock (_leaseLock)
        {
            if (--_leases == 0 && _retired)
            {
                _released.TrySetResult();
            }
        }
    }

    /// <summary>Gives out no more leases, waits for those given, and frees the engine.</summary>
    public async Task RetireAsync()
    {
        lock (_leaseLock)
        {
            _retired = true;
            if (_leases == 0)
            {
                _released.TrySetResult();
            }
        }

        await _released.Task;
        Dispose();
    }

    public void Dispose()
    {
        _batcher.Dispose();
        _engine.Resources.Dispose();
    }

    /// <summary>
    /// About how many tokens texts have, before they are tokenised: English has four to five characters a token; long texts are cut.
    /// An estimate is enough: the exact check follows text by text.
    /// </summary>
    public long EstimateTokens(int texts, long characters) => Math.Min(texts * (long)Description.MaxTokens, texts * 2L + characters / 5);

    /// <summary>Whether a call of about so many tokens would be let in now; for batches and streams, whose texts then wait for room.</summary>
    public Refusal? CheckBulk(long tokens, long expiresAt)
    {
        var refusal = _queue.CheckBulk(tokens, expiresAt);
        if (refusal is not null)
        {
            Metrics.Refused(refusal.Reason.ToString(), TimeSpan.Zero);
        }

        return refusal;
    }

    /// <summary>Classifies a text, or refuses it at once.</summary>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public ValueTask<Outcome> ClassifyAsync(TextRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested(); // before tokenising
        return FinishAsync(Start(request), cancellationToken);
    }

    /// <summary>Classifies token ids that a client made itself.</summary>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public ValueTask<Outcome> ClassifyIdsAsync(EncodedText encoded, long expiresAt, CancellationToken cancellationToken)
    {
        var arrived = _time.GetTimestamp();
        return FinishAsync(Started(_queue.Enqueue(null, encoded, expiresAt), arrived, TimeSpan.Zero), cancellationToken);
    }

    /// <summary>As <see cref="StartBulkAsync"/>, for token ids that a client made itself.</summary>
    public async ValueTask<StartedText> StartBulkIdsAsync(EncodedText encoded, long expiresAt, CancellationToken cancellationToken)
    {
        var arrived = _time.GetTimestamp();
        return Started(await _queue.EnqueueBulkAsync(null, encoded, expiresAt, cancellationToken), arrived, TimeSpan.Zero);
    }

    /// <summary>Puts a text of a call that <see cref="CheckBulk"/> let in into the queue, once there is room for it.</summary>
    public async ValueTask<StartedText> StartBulkAsync(TextRequest request, CancellationToken cancellationToken)
    {
        var arrived = _time.GetTimestamp();
        if (Shortcut(request, arrived) is { } shared)
        {
            return shared;
        }

        cancellationToken.ThrowIfCancellationRequested(); // a call of many texts may have waited long for room
        if (request.ExpiresAt <= arrived)
        {
            return new StartedText(arrived, new Refusal(RefusalReason.DeadlinePassed));
        }

        var (encoded, refusal) = Encode(request);
        var tokenized = _time.GetElapsedTime(arrived);
        return refusal is not null
            ? new StartedText(arrived, refusal)
            : Started(await _queue.EnqueueBulkAsync(KeyOf(request), encoded, request.ExpiresAt, cancellationToken), arrived, tokenized);
    }

    /// <summary>Waits for the answer to a text in the queue.</summary>
    /// <exception cref="OperationCanceledException">The caller gave up; a text that nobody else wants has left the queue.</exception>
    public async ValueTask<Outcome> FinishAsync(StartedText text, CancellationToken cancellationToken)
    {
        if (text.Pending is not { } pending)
        {
            return text.Immediate.Refusal is { } refusal ? Refuse(refusal, text.Arrived) : Answer(text.Immediate.Classification!); // one of the two is set
        }

        BatchedResult result;
        try
        {
            result = await pending.Completed.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            _queue.Leave(pending);
            Metrics.Refused("Cancelled", _time.GetElapsedTime(text.Arrived));
            throw;
        }

        if (result.Refusal is { } late)
        {
            return Refuse(late, text.Arrived);
        }

        var classification = new Classification
        {
            Logits = result.Logits!, // set where there is no refusal
            Tokens = pending.Tokens,
            TotalTokens = pending.Encoded.TotalTokens,
            Queue = result.Queue,
            Tokenize = text.Tokenize,
            Infer = result.Infer,
            Total = _time.GetElapsedTime(text.Arrived),
            Shared = text.Shared,
        };
        if (pending.Key is { } key && !text.Shared)
        {
            _cache.Add(key, classification);
        }

        return Answer(classification);
    }

    private StartedText Start(TextRequest request)
    {
        var arrived = _time.GetTimestamp();
        if (Shortcut(request, arrived) is { } shared)
        {
            return shared;
        }

        // Full queues and hopeless deadlines are seen before the text costs anything.
        if (_queue.Check(FewestTokens, request.ExpiresAt) is { } early)
        {
            return new StartedText(arrived, early);
        }

        var (encoded, refusal) = Encode(request);
        return refusal is not null
            ? new StartedText(arrived, refusal)
            : Started(_queue.Enqueue(KeyOf(request), encoded, request.ExpiresAt), arrived, _time.GetElapsedTime(arrived));
    }

    /// <summary>The answer or the place of an identical text, in the cache or in flight.</summary>
    private StartedText? Shortcut(TextRequest request, long arrived)
    {
        if (!request.MayCut)
        {
            return null; // whether it must be cut is known only after tokenising
        }

        var key = KeyOf(request);
        if (_cache.TryGet(key, out var known))
        {
            return new StartedText(arrived, known.SharedAfter(_time.GetElapsedTime(arrived)));
        }

        return _queue.TryJoin(key, request.ExpiresAt) is { } pending ? new StartedText(arrived, pending, TimeSpan.Zero, Shared: true) : null;
    }

    private (EncodedText Encoded, Refusal? Refusal) Encode(TextRequest request)
    {
        var encoded = _engine.Tokenizer.Encode(request.Text, Description.MaxTokens, KeyOf(request).Truncation);
        return (encoded, encoded.Truncated && !request.MayCut
            ? new Refusal(RefusalReason.TooManyTokens, Detail: $"has {encoded.TotalTokens} tokens; the model takes {Description.MaxTokens}")
            : null);
    }

    private TextKey KeyOf(TextRequest request) => new(request.Text, request.Truncation ?? Description.Truncation);

    private static StartedText Started((PendingText? Pending, Refusal? Refusal) enqueued, long arrived, TimeSpan tokenize) => enqueued.Pending is { } pending
        ? new StartedText(arrived, pending, tokenize, Shared: pending.EnqueuedAt < arrived)
        : new StartedText(arrived, enqueued.Refusal!); // one of the two is set

    private Outcome Answer(Classification classification)
    {
        Metrics.Answered(classification);
        ServingTraces.Record(classification, Name, Version);
        return classification;
    }

    private Outcome Refuse(Refusal refusal, long arrived)
    {
        Metrics.Refused(refusal.Reason.ToString(), _time.GetElapsedTime(arrived));
        return refusal;
    }
}
