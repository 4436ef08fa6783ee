using LoraOnnx.Inference.Variants;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Serving.Admission;
using LoraOnnx.Serving.Models;
using LoraOnnx.Serving.Telemetry;

namespace LoraOnnx.Serving.Batching;

/// <summary>The way of a text through one model: cache, identical texts in flight, tokens, queue, engine threads. Thread-safe.</summary>
internal sealed class ModelWork : IDisposable
{
    /// <summary>Of the shortest text: what begins and ends it.</summary>
    private const int FewestTokens = 2;

    private readonly LoadedEngine _engine;
    private readonly EngineSpeed _speed;
    private readonly QueueLimits _limits;
    private readonly TokenQueue _queue;
    private readonly InFlightTexts _inFlight;
    private readonly TextCache _cache;
    private readonly Batcher? _batcher; // null: the base's
    private readonly ModelMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly bool _callersShare;

    public ModelWork(LoadedEngine engine, ModelRuntime runtime, double tokensPerSecond, ModelMetrics metrics)
    {
        _engine = engine;
        _metrics = metrics;
        _time = runtime.Time;
        _limits = runtime.Limits;
        _callersShare = runtime.CallersShare;
        _speed = new EngineSpeed(tokensPerSecond, runtime.Workers);
        _queue = new TokenQueue(new TokenAdmission(_speed, _limits, _time), _limits, _time);
        _inFlight = new InFlightTexts(_queue);
        _cache = new TextCache(runtime.CacheBytes);
        _batcher = new Batcher(RunOf(engine), _queue, _speed, runtime.EngineSlots, _limits, _time, metrics);
    }

    /// <summary>A variant's way: its texts wait and run with those of its base.</summary>
    public ModelWork(LoadedEngine engine, ModelRuntime runtime, ModelWork ofBase, ModelMetrics metrics)
    {
        (_engine, _metrics, _time) = (engine, metrics, runtime.Time);
        (_limits, _callersShare) = (runtime.Limits, runtime.CallersShare);
        (_speed, _queue) = (ofBase._speed, ofBase._queue);
        _inFlight = new InFlightTexts(_queue);
        _cache = new TextCache(runtime.CacheBytes);
    }

    /// <summary>Most tokens in the next batch.</summary>
    public int BatchTokens => _limits.Budget(_speed);

    /// <summary>Tokens that may wait now.</summary>
    public long QueueCapacity => _limits.Capacity(_speed);

    public double TokensPerSecond => _speed.TokensPerSecond;

    /// <summary>Of a variant: of its base.</summary>
    public TokenLoad Load => _queue.Load;

    /// <summary>Of a variant: of its base.</summary>
    public int QueuedTexts => _queue.QueuedTexts;

    /// <summary>Whether texts wait with those of a base.</summary>
    public bool IsVariant => _batcher is null;

    /// <summary>Refuses new texts, does those that wait, and ends the threads.</summary>
    public void Dispose() => _batcher?.Dispose();

    /// <summary>
    /// About how many tokens texts have, before they are tokenised: English has four to five characters a token; long texts are cut.
    /// An estimate is enough: the exact check follows text by text.
    /// </summary>
    public long EstimateTokens(int texts, long characters) =>
        Math.Min(texts * (long)_engine.Model.MaxTokens, texts * (long)FewestTokens + characters / 5);

    /// <summary>Lets a batch or stream of about so many tokens in, or refuses it at once. Exactly one of the two results is set.</summary>
    public (BulkEntry? Entry, Refusal? Refusal) EnterBulk(long tokens, int texts, long expiresAt)
    {
        if (_queue.EnterBulk(tokens, texts, expiresAt) is not { } refusal)
        {
            return (new BulkEntry(_queue, tokens, texts), null);
        }

        _metrics.Refused(refusal.Reason.ToString(), TimeSpan.Zero);
        return (null, refusal);
    }

    /// <summary>Counts a text of a stream that was let in as waiting.</summary>
    public BulkEntry JoinBulk(long tokens)
    {
        _queue.JoinBulk(tokens);
        return new BulkEntry(_queue, tokens, 1);
    }

    /// <summary>Gives a text its place in the queue, or refuses it at once.</summary>
    public StartedText Start(TextRequest request)
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
            : Started(_queue.Enqueue(encoded, request.ExpiresAt, _engine.Variant), KeyOf(request), arrived, _time.GetElapsedTime(arrived));
    }

    /// <summary>
    /// Asks several models for one text: those of one base whose encoder is the same, and that cut texts alike, read one encoding of it. One result
    /// for each.
    /// </summary>
    public static StartedText[] StartTogether(IReadOnlyList<ModelWork> models, TextRequest request)
    {
        var started = new StartedText[models.Count];
        foreach (var group in Enumerable.Range(0, models.Count).GroupBy(index => models[index].Reading(request)))
        {
            var arrived = models[group.First()]._time.GetTimestamp();
            var waiting = group.Where(index => !models[index].IsKnown(request, arrived, out started[index])).ToArray();
            if (waiting.Length == 0)
            {
                continue;
            }

            var first = models[waiting[0]];
            var (encoded, refusal) = first.Encode(request);
            PendingText[] beside = [.. waiting.Skip(1).Select(index => new PendingText(encoded, 0, arrived, isBulk: false)
            {
                Variant = models[index]._engine.Variant,
                State = PendingState.Taken, // its place is that of the first
            })];
            var (pending, refused) = refusal is null ? first._queue.Enqueue(encoded, request.ExpiresAt, first._engine.Variant, beside)
                : (null, refusal);
            var tokenize = first._time.GetElapsedTime(arrived);
            for (var i = 0; i < waiting.Length; i++)
            {
                started[waiting[i]] = pending is null ? new StartedText(arrived, refused!) // one of the two is set
                    : new StartedText(arrived, i == 0 ? pending : beside[i - 1], models[waiting[i]].KeyOf(request), tokenize, Shared: false, default);
            }
        }

        return started;
    }

    /// <summary>Gives token ids that a client made itself their place in the queue, or refuses them at once.</summary>
    public StartedText StartIds(EncodedText encoded, long expiresAt) =>
        Started(_queue.Enqueue(encoded, expiresAt, _engine.Variant), null, _time.GetTimestamp(), TimeSpan.Zero);

    /// <summary>Gives a text of a call that was let in its place in the queue, once there is room for it.</summary>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
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
            : Started(await _queue.EnqueueBulkAsync(encoded, request.ExpiresAt, cancellationToken, _engine.Variant), KeyOf(request), arrived,
                tokenized);
    }

    /// <summary>As <see cref="StartBulkAsync"/>, for token ids that a client made itself.</summary>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public async ValueTask<StartedText> StartBulkIdsAsync(EncodedText encoded, long expiresAt, CancellationToken cancellationToken)
    {
        var arrived = _time.GetTimestamp();
        return Started(await _queue.EnqueueBulkAsync(encoded, expiresAt, cancellationToken, _engine.Variant), null, arrived, TimeSpan.Zero);
    }

    /// <summary>Waits for the answer to a text in the queue.</summary>
    /// <exception cref="OperationCanceledException">The caller gave up; a text that nobody else wants has left the queue.</exception>
    public async ValueTask<Outcome> FinishAsync(StartedText text, CancellationToken cancellationToken)
    {
        if (text.Pending is not { } pending)
        {
            // One of the two is set.
            return text.Immediate.Refusal is { } refusal ? Refuse(refusal, text.Arrived) : Answered(text.Immediate.Classification!);
        }

        BatchedResult result;
        try
        {
            result = await pending.Completed.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            _inFlight.Leave(text.Key, pending);
            _metrics.Refused("Cancelled", _time.GetElapsedTime(text.Arrived));
            throw;
        }

        if (text.Key is { } key)
        {
            _inFlight.Forget(key, pending); // identical texts that come from now on are new work
        }

        return result.Refusal is { } late ? Refuse(late, text.Arrived) : Answered(Classify(text, pending, result));
    }

    /// <summary>The times are the caller's own, also where the work was begun for another.</summary>
    private Classification Classify(StartedText text, PendingText pending, BatchedResult result)
    {
        var waitsSince = text.Shared ? text.Arrived : pending.EnqueuedAt;
        var classification = new Classification
        {
            Logits = result.Logits!, // set where there is no refusal
            Tokens = pending.Tokens,
            TotalTokens = pending.Encoded.TotalTokens,
            Queue = _time.GetElapsedTime(waitsSince, Math.Max(waitsSince, result.Started)),
            Tokenize = text.Tokenize,
            Infer = _time.GetElapsedTime(Math.Max(waitsSince, result.Started), Math.Max(waitsSince, result.Ended)),
            Total = _time.GetElapsedTime(text.Arrived),
            Shared = text.Shared,
        };
        if (text is { Key: { } key, Shared: false })
        {
            _cache.Add(key, classification);
        }

        return classification;
    }

    /// <summary>The answer or the place of an identical text, in the cache or in flight.</summary>
    private StartedText? Shortcut(TextRequest request, long arrived)
    {
        if (!request.MayCut || KeyOf(request) is not { } key)
        {
            return null; // whether it must be cut is known only after tokenising
        }

        if (_cache.TryGet(key, out var known))
        {
            return new StartedText(arrived, known.SharedAfter(_time.GetElapsedTime(arrived)));
        }

        return _callersShare && _inFlight.TryJoin(key, request.ExpiresAt) is { } pending
            ? new StartedText(arrived, pending, key, TimeSpan.Zero, Shared: true, default)
            : null;
    }

    /// <summary>What decides how a text is read: models with equal ones share its encoding.</summary>
    private (TokenQueue Queue, ModelVariant? Encoder, int MaxTokens, Truncation Truncation) Reading(TextRequest request) =>
        (_queue, _engine.Variant is { ChangesEncoder: true } encoder ? encoder : null, _engine.Model.MaxTokens,
            request.Truncation ?? _engine.Model.Truncation);

    /// <summary>Whether the answer is in the cache.</summary>
    private bool IsKnown(TextRequest request, long arrived, out StartedText started)
    {
        if (request.MayCut && KeyOf(request) is { } key && _cache.TryGet(key, out var known))
        {
            started = new StartedText(arrived, known.SharedAfter(_time.GetElapsedTime(arrived)));
            return true;
        }

        started = default;
        return false;
    }

    private static RunVariants RunOf(LoadedEngine engine) =>
        engine.RunVariants ?? ((batch, cancellationToken) => engine.Run([.. batch.Select(text => text.Text)], cancellationToken));

    private (EncodedText Encoded, Refusal? Refusal) Encode(TextRequest request)
    {
        var encoded = _engine.Tokenizer.Encode(request.Text, _engine.Model.MaxTokens, request.Truncation ?? _engine.Model.Truncation);
        return (encoded, encoded.Truncated && !request.MayCut
            ? new Refusal(RefusalReason.TooManyTokens, Detail: $"has {encoded.TotalTokens} tokens; the model takes {_engine.Model.MaxTokens}")
            : null);
    }

    /// <summary>
    /// Where callers have keys, nobody learns of another's texts by the time or the flag of an answer: they share with themselves, the nameless with
    /// nobody.
    /// </summary>
    private TextKey? KeyOf(TextRequest request) =>
        _callersShare || request.Caller.Length > 0
            ? new TextKey(_callersShare ? "" : request.Caller, request.Text, request.Truncation ?? _engine.Model.Truncation)
            : null;

    private StartedText Started((PendingText? Pending, Refusal? Refusal) enqueued, TextKey? key, long arrived, TimeSpan tokenize)
    {
        if (enqueued.Pending is not { } pending)
        {
            return new StartedText(arrived, enqueued.Refusal!); // one of the two is set
        }

        if (key is { } known && _callersShare)
        {
            _inFlight.Add(known, pending);
        }

        return new StartedText(arrived, pending, key, tokenize, Shared: false, default);
    }

    private Outcome Answered(Classification classification)
    {
        _metrics.Answered(classification);
        return classification;
    }

    private Outcome Refuse(Refusal refusal, long arrived)
    {
        _metrics.Refused(refusal.Reason.ToString(), _time.GetElapsedTime(arrived));
        return refusal;
    }
}
