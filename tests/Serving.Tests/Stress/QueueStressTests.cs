using System.Diagnostics;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Serving.Admission;
using LoraOnnx.Serving.Batching;

namespace LoraOnnx.Serving.Tests.Stress;

/// <summary>
/// The queue with many threads at once: single texts, batches, joins, cancellations, short deadlines, and workers that take what there is.
/// </summary>
public sealed class QueueStressTests
{
    private const int Callers = 8;
    private const int RoundsOfACaller = 2_000;
    private const string QueueFull = $"refused {nameof(RefusalReason.QueueFull)}";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task No_text_is_lost_and_nothing_is_left_behind(int seed)
    {
        var time = TimeProvider.System;
        var limits = new QueueLimits { LatencyTarget = TimeSpan.FromSeconds(1), QueueTokens = 200, BatchTokens = 64 };
        var queue = new TokenQueue(new TokenAdmission(new EngineSpeed(1_000_000, workers: 2), limits, time), limits, time);
        var inFlight = new InFlightTexts(queue);
        var workers = Enumerable.Range(0, 2).Select(_ => Task.Factory.StartNew(() => Work(queue, time), TaskCreationOptions.LongRunning)).ToArray();
        var watch = Stopwatch.StartNew();

        var callers = Enumerable.Range(0, Callers)
            .Select(caller => Task.Run(() => CallAsync(queue, inFlight, time, new Random(seed * 100 + caller)))).ToArray();
        var counts = await Task.WhenAll(callers).WaitAsync(Patience.Time, TestContext.Current.CancellationToken); // a deadlock ends here
        var load = queue.Load;
        queue.Close();
        await Task.WhenAll(workers);

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{Callers * RoundsOfACaller} rounds in {watch.Elapsed.TotalSeconds:0.0} s: {string.Join(", ", counts.SelectMany(count => count)
            .GroupBy(count => count.Key).Select(group => $"{group.Key} {group.Sum(count => count.Value)}"))}");
        Assert.Equal(new TokenLoad(0, 0, 0, 0), load with { Running = 0 }); // workers may be a moment behind their answers
        Assert.Equal(0, queue.Load.Running);
        Assert.Equal(0, queue.QueuedTexts);
        Assert.True(counts.All(count => count.GetValueOrDefault("answered") > 100), "every caller was answered");
    }

    /// <summary>Answers a text with its first id, so that a caller sees whether the answer is its own.</summary>
    private static void Work(TokenQueue queue, TimeProvider time)
    {
        var batch = new List<PendingText>();
        while (queue.WaitForWork())
        {
            queue.TakeBatch(batch, 64);
            foreach (var pending in batch)
            {
                queue.Finish(pending.Tokens);
                pending.Complete(new BatchedResult([pending.Encoded.Ids[0]], null, time.GetTimestamp(), time.GetTimestamp()));
            }

            batch.Clear();
        }
    }

    private static async Task<Dictionary<string, int>> CallAsync(TokenQueue queue, InFlightTexts inFlight, TimeProvider time, Random random)
    {
        var counts = new Dictionary<string, int>();
        for (var round = 0; round < RoundsOfACaller; round++)
        {
            var id = random.Next(1, 500);
            var key = new TextKey("", $"{id}", Truncation.Head);
            var expiresAt = random.Next(20) == 0 ? time.GetTimestamp() + random.Next(1, 200_000) : long.MaxValue;
            using var giveUp = new CancellationTokenSource();
            if (random.Next(10) == 0)
            {
                giveUp.CancelAfter(TimeSpan.FromMicroseconds(random.Next(500)));
            }

            var text = new EncodedText([id, .. new int[random.Next(1, 40)]], 0);
            var kind = random.Next(3);
            var outcome = "";
            while ((outcome = await OneAsync(queue, inFlight, key, text, expiresAt, kind, giveUp.Token)) == QueueFull)
            {
                counts[outcome] = counts.GetValueOrDefault(outcome) + 1;
                await Task.Delay(1); // comes back as told to: otherwise all rounds would be over before a worker had its turn on a busy machine
            }

            counts[outcome] = counts.GetValueOrDefault(outcome) + 1;
        }

        return counts;
    }

    private static async Task<string> OneAsync(
        TokenQueue queue, InFlightTexts inFlight, TextKey key, EncodedText encoded, long expiresAt, int kind, CancellationToken cancellationToken)
    {
        PendingText? pending = null;
        try
        {
            pending = kind == 0 ? inFlight.TryJoin(key, expiresAt) : null;
            if (pending is null)
            {
                if (kind == 2 && queue.EnterBulk(encoded.Ids.Length, 1, expiresAt) is { } busy)
                {
                    return $"refused {busy.Reason}";
                }

                Refusal? refusal;
                try
                {
                    (pending, refusal) = kind == 2
                        ? await queue.EnqueueBulkAsync(encoded, expiresAt, cancellationToken)
                        : queue.Enqueue(encoded, expiresAt);
                }
                finally
                {
                    if (kind == 2)
                    {
                        queue.LeaveBulk(encoded.Ids.Length);
                    }
                }

                if (pending is null)
                {
                    return $"refused {refusal!.Reason}"; // one of the two is set
                }

                inFlight.Add(key, pending);
            }

            var result = await pending.Completed.WaitAsync(cancellationToken);
            inFlight.Forget(key, pending);
            if (result.Logits is not { } logits)
            {
                return $"refused late {result.Refusal!.Reason}"; // as above
            }

            Assert.Equal($"{logits[0]}", key.Text);
            return "answered";
        }
        catch (OperationCanceledException)
        {
            if (pending is not null)
            {
                inFlight.Leave(key, pending);
            }

            return "gave up";
        }
    }
}
