using LoraOnnx.Model.Tokenization;
using LoraOnnx.Serving.Admission;
using LoraOnnx.Serving.Batching;
using LoraOnnx.Serving.Tests.Support;

namespace LoraOnnx.Serving.Tests.Batching;

/// <summary>
/// The queue alone, on a clock that stands still: one engine of 100 tokens a second, room for 100 tokens, latency target one second.
/// </summary>
public sealed class TokenQueueTests
{
    private static readonly TimeSpan _second = TimeSpan.FromSeconds(1);

    private readonly ManualTime _time = new();
    private readonly TokenQueue _queue;
    private readonly InFlightTexts _inFlight;

    public TokenQueueTests()
    {
        _queue = QueueOf(workers: 1);
        _inFlight = new InFlightTexts(_queue);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void A_batch_takes_what_waits_up_to_its_budget_in_the_order_of_arrival()
    {
        var texts = new[] { 20, 20, 20 }.Select(tokens => Add(tokens)).ToArray();

        var first = Take(50);
        var second = Take(50);

        Assert.Equal(texts[..2], first);
        Assert.Equal(texts[2..], second);
        Assert.Equal(0, _queue.Load.Queued);
    }

    [Fact]
    public void A_text_longer_than_the_budget_goes_alone()
    {
        var text = Add(80);
        Add(10);

        Assert.Equal([text], Take(50));
    }

    [Fact]
    public void The_earliest_deadline_goes_first()
    {
        var patient = Add(10);
        var late = Add(10, _time.In(1.5 * _second));
        var early = Add(10, _time.In(0.9 * _second));

        Assert.Equal([early, late, patient], Take(50));
    }

    [Fact]
    public void A_call_without_deadline_is_due_in_twice_the_latency_target_so_that_it_is_not_passed_over_for_ever()
    {
        var patient = Add(10);
        _time.GoOn(1.5 * _second);
        var newer = Add(10, _time.In(_second));

        Assert.Equal([patient, newer], Take(50));
    }

    [Fact]
    public void What_does_not_fit_is_refused_at_once_with_the_time_that_the_queue_takes()
    {
        Add(70);

        var (pending, refusal) = _queue.Enqueue(Text(31), long.MaxValue);

        Assert.Null(pending);
        Assert.Equal((RefusalReason.QueueFull, 0.7), (refusal!.Reason, refusal.RetryAfter!.Value.TotalSeconds));
        Assert.NotNull(_queue.Enqueue(Text(30), long.MaxValue).Pending);
    }

    [Fact]
    public void An_empty_queue_takes_a_text_that_is_longer_than_its_bound() => Assert.NotNull(_queue.Enqueue(Text(500), long.MaxValue).Pending);

    [Fact]
    public void A_call_that_cannot_be_answered_in_time_is_refused_at_once()
    {
        Add(50); // half a second of work

        var tooShort = _queue.Enqueue(Text(10), _time.In(0.55 * _second)).Refusal; // half a second of waiting and a tenth of its own
        var hopeless = _queue.Enqueue(Text(10), _time.In(0.05 * _second)).Refusal;
        var inTime = _queue.Enqueue(Text(10), _time.In(0.65 * _second)).Pending;

        Assert.Equal((RefusalReason.DeadlineTooShort, 0.5), (tooShort!.Reason, tooShort.RetryAfter!.Value.TotalSeconds));
        Assert.Equal((RefusalReason.DeadlinePassed, null), (hopeless!.Reason, hopeless.RetryAfter));
        Assert.NotNull(inTime);
    }

    [Fact]
    public void Half_of_what_runs_counts_as_waiting_time()
    {
        Add(40);
        Take(50); // runs: 0.4 seconds, 0.2 of them to go on average

        Assert.Equal(RefusalReason.DeadlineTooShort, _queue.Enqueue(Text(10), _time.In(0.25 * _second)).Refusal!.Reason);
        Assert.NotNull(_queue.Enqueue(Text(10), _time.In(0.35 * _second)).Pending);
    }

    [Fact]
    public async Task An_expired_text_is_dropped_before_it_runs()
    {
        var expired = Add(10, _time.In(0.5 * _second));
        var patient = Add(10);
        _time.GoOn(_second);

        Assert.Equal([patient], Take(50));
        Assert.Equal(RefusalReason.DeadlinePassed, (await expired.Completed).Refusal!.Reason);
    }

    [Fact]
    public void A_text_that_nobody_wants_any_more_leaves_the_queue_at_once()
    {
        var abandoned = Add(10);

        _inFlight.Leave(null, abandoned);

        Assert.Equal((0, 0), (_queue.Load.Queued, _queue.QueuedTexts));
        Assert.Empty(Take(50));
    }

    [Fact]
    public void Identical_texts_are_one_piece_of_work_with_the_earliest_deadline_of_those_who_wait()
    {
        var other = Add(10, _time.In(0.8 * _second));
        var shared = Add("same", 10, long.MaxValue);
        var joined = Add("same", 10, _time.In(0.5 * _second));

        Assert.Same(shared, joined);
        Assert.Equal(20, _queue.Load.Queued);
        Assert.Equal([shared, other], Take(50));
        Assert.Same(shared, _inFlight.TryJoin(Key("same"), long.MaxValue)); // it runs, and may still be joined
        _inFlight.Forget(Key("same"), shared);
        Assert.Null(_inFlight.TryJoin(Key("same"), long.MaxValue));
    }

    [Fact]
    public void A_shared_text_stays_while_one_of_its_callers_wants_it()
    {
        var shared = Add("same", 10, _time.In(0.5 * _second));
        Add("same", 10, long.MaxValue);

        _inFlight.Leave(Key("same"), shared);
        _time.GoOn(_second); // over for the first caller, not for the second

        Assert.Equal([shared], Take(50));
    }

    [Fact]
    public async Task Bulk_work_waits_while_it_fills_half_of_the_queue_and_leaves_room_for_single_calls()
    {
        await _queue.EnqueueBulkAsync(Text(40), long.MaxValue, Cancel);

        var waiting = _queue.EnqueueBulkAsync(Text(20), long.MaxValue, Cancel).AsTask();

        Assert.False(waiting.IsCompleted);
        Add(50);
        Take(50); // the bulk text
        Assert.NotNull((await waiting).Pending);
    }

    [Fact]
    public async Task Bulk_texts_take_their_places_in_the_order_in_which_they_came_long_ones_too()
    {
        await _queue.EnqueueBulkAsync(Text(40), long.MaxValue, Cancel);
        var longer = _queue.EnqueueBulkAsync(Text(90), long.MaxValue, Cancel).AsTask(); // more than half of the queue

        var shorter = _queue.EnqueueBulkAsync(Text(5), long.MaxValue, Cancel).AsTask();
        Add(20); // single calls keep coming

        Assert.False(longer.IsCompleted || shorter.IsCompleted);
        Take(40);
        Assert.NotNull((await longer).Pending);
        Assert.False(shorter.IsCompleted);
        Take(20);
        Take(90);
        Assert.NotNull((await shorter).Pending);
    }

    [Fact]
    public async Task A_bulk_text_that_gives_up_lets_those_behind_it_through()
    {
        using var giveUp = new CancellationTokenSource();
        await _queue.EnqueueBulkAsync(Text(40), long.MaxValue, Cancel);
        var first = _queue.EnqueueBulkAsync(Text(90), long.MaxValue, giveUp.Token).AsTask();
        var second = _queue.EnqueueBulkAsync(Text(5), long.MaxValue, Cancel).AsTask();

        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.NotNull((await second).Pending);
    }

    [Fact]
    public void A_batch_of_any_size_is_let_in_where_none_waits_and_the_next_are_refused_at_once_with_the_time_to_come_back()
    {
        var huge = _queue.EnterBulk(1000, texts: 100, long.MaxValue);
        var next = _queue.EnterBulk(10, texts: 1, long.MaxValue);
        _queue.LeaveBulk(700); // 70 of the hundred have their places
        var later = _queue.EnterBulk(10, texts: 1, long.MaxValue);

        Assert.Null(huge);
        Assert.Equal((RefusalReason.QueueFull, 10.0), (next!.Reason, next.RetryAfter!.Value.TotalSeconds)); // a thousand tokens, a hundred a second
        Assert.Null(later);
        Assert.Equal(310, _queue.Load.WaitingBulk);
    }

    [Fact]
    public void What_a_batch_has_waiting_counts_for_the_deadlines_of_those_that_come_after_it()
    {
        _queue.EnterBulk(200, texts: 20, long.MaxValue);

        Assert.Equal(RefusalReason.DeadlineTooShort, _queue.EnterBulk(10, texts: 1, _time.In(2 * _second))!.Reason);
        Assert.Null(_queue.EnterBulk(10, texts: 1, _time.In(2.2 * _second)));
    }

    [Fact]
    public void One_text_is_done_by_one_worker_however_many_there_are()
    {
        var queue = QueueOf(workers: 4);

        var hopeless = queue.Enqueue(Text(50), _time.In(0.4 * _second)).Refusal; // half a second on its worker, an eighth on all
        var inTime = queue.Enqueue(Text(50), _time.In(0.6 * _second)).Pending;

        Assert.Equal(RefusalReason.DeadlinePassed, hopeless!.Reason);
        Assert.NotNull(inTime);
    }

    [Fact]
    public async Task A_closed_queue_refuses_new_work_and_wakes_those_who_wait_for_room()
    {
        var last = Assert.IsType<PendingText>((await _queue.EnqueueBulkAsync(Text(60), long.MaxValue, Cancel)).Pending);
        var waiting = _queue.EnqueueBulkAsync(Text(20), long.MaxValue, Cancel).AsTask();

        _queue.Close();

        Assert.Equal(RefusalReason.Closed, (await waiting).Refusal!.Reason);
        Assert.Equal(RefusalReason.Closed, _queue.Enqueue(Text(2), long.MaxValue).Refusal!.Reason);
        Assert.True(_queue.WaitForWork());
        Assert.Equal([last], Take(50));
        Assert.False(_queue.WaitForWork());
    }

    [Fact]
    public void Speed_follows_full_batches_and_not_small_ones()
    {
        var speed = new EngineSpeed(100, workers: 2);

        speed.Measured(tokens: 10, TimeSpan.FromSeconds(10), budget: 50);
        Assert.Equal(200, speed.TokensPerSecond, 1e-9);

        for (var batch = 0; batch < 50; batch++)
        {
            speed.Measured(tokens: 50, _second, budget: 50);
        }

        Assert.InRange(speed.TokensPerSecond, 99.9, 100.1); // two workers of 50 each
    }

    [Theory]
    [InlineData(500, 10_000, 1250)] // a quarter of the target
    [InlineData(500, 100, 64)] // at least
    [InlineData(10_000, 100_000, 8192)] // at most
    public void The_batch_budget_is_a_quarter_of_the_latency_target(int targetMilliseconds, double tokensPerSecond, int expected) =>
        Assert.Equal(expected, QueueLimits.TunedBatchTokens(TimeSpan.FromMilliseconds(targetMilliseconds), tokensPerSecond));

    [Fact]
    public void The_batch_budget_follows_the_speed_unless_it_was_given()
    {
        var speed = new EngineSpeed(1000, workers: 2);
        var limits = new QueueLimits { LatencyTarget = 2 * _second };

        var before = limits.Budget(speed);
        for (var batch = 0; batch < 100; batch++)
        {
            speed.Measured(tokens: 4000, _second, limits.Budget(speed));
        }

        Assert.InRange(before, 499, 500); // a quarter of two seconds at 1,000 tokens a second
        Assert.InRange(limits.Budget(speed), 1999, 2000);
        Assert.Equal(77, (limits with { BatchTokens = 77 }).Budget(speed));
    }

    private static EncodedText Text(int tokens) => new(new int[tokens], tokens);

    private PendingText Add(int tokens, long expiresAt = long.MaxValue) =>
        Assert.IsType<PendingText>(_queue.Enqueue(Text(tokens), expiresAt).Pending);

    private PendingText Add(string text, int tokens, long expiresAt)
    {
        if (_inFlight.TryJoin(Key(text), expiresAt) is { } joined)
        {
            return joined;
        }

        var pending = Add(tokens, expiresAt);
        _inFlight.Add(Key(text), pending);
        return pending;
    }

    private static TextKey Key(string text) => new("", text, Truncation.Head);

    private TokenQueue QueueOf(int workers)
    {
        var limits = new QueueLimits { LatencyTarget = _second, BatchTokens = 50 };
        return new TokenQueue(new TokenAdmission(new EngineSpeed(100, workers), limits, _time), limits, _time);
    }

    private List<PendingText> Take(int budget)
    {
        var batch = new List<PendingText>();
        _queue.TakeBatch(batch, budget);
        return batch;
    }
}
