using LoraOnnx.Inference;

namespace LoraOnnx.Classifier.Tests;

public sealed class SharedBatchesTests : IDisposable
{
    private readonly ClassifierMetrics _metrics = new(null, "test");
    private readonly List<int[]> _batches = [];
    private readonly SemaphoreSlim _release = new(0);
    private readonly SemaphoreSlim _started = new(0);

    public void Dispose()
    {
        _metrics.Dispose();
        _release.Dispose();
        _started.Dispose();
    }

    [Fact]
    public async Task Texts_that_come_while_the_engine_runs_are_the_next_batch_in_their_order()
    {
        using var batches = New(new TextClassifierOptions { BatchTokens = 10 });
        var first = RunAsync(batches, 3, TestContext.Current.CancellationToken);
        await _started.WaitAsync(TestContext.Current.CancellationToken);
        var others = new[] { 4, 5, 3, 20, 2 }.Select(length => RunAsync(batches, length, TestContext.Current.CancellationToken)).ToList();
        _release.Release(10);

        await Task.WhenAll([first, .. others]);

        Assert.Equal([[3], [4, 5], [3], [20], [2]], _batches);
    }

    [Fact]
    public async Task A_text_that_is_given_up_while_it_waits_costs_nothing()
    {
        using var batches = New(new TextClassifierOptions());
        using var given = new CancellationTokenSource();
        var first = RunAsync(batches, 3, TestContext.Current.CancellationToken);
        await _started.WaitAsync(TestContext.Current.CancellationToken);
        var second = RunAsync(batches, 4, given.Token);
        await given.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        _release.Release(10);
        await first;
        await RunAsync(batches, 5, TestContext.Current.CancellationToken);

        Assert.Equal([[3], [5]], _batches);
    }

    [Fact]
    public async Task A_full_queue_refuses_at_once()
    {
        using var batches = New(new TextClassifierOptions { QueueTexts = 1 });
        var first = RunAsync(batches, 3, TestContext.Current.CancellationToken);
        await _started.WaitAsync(TestContext.Current.CancellationToken);
        var second = RunAsync(batches, 4, TestContext.Current.CancellationToken);

        await Assert.ThrowsAsync<TextClassificationException>(() => RunAsync(batches, 5, TestContext.Current.CancellationToken));
        _release.Release(10);
        await Task.WhenAll(first, second);
    }

    [Fact]
    public async Task One_text_does_not_fail_its_neighbours()
    {
        using var batches = New(new TextClassifierOptions());
        var first = RunAsync(batches, 3, TestContext.Current.CancellationToken);
        await _started.WaitAsync(TestContext.Current.CancellationToken);
        var good = RunAsync(batches, 4, TestContext.Current.CancellationToken);
        var bad = RunAsync(batches, 13, TestContext.Current.CancellationToken);
        var broken = RunAsync(batches, 14, TestContext.Current.CancellationToken);
        _release.Release(10);

        Assert.Equal(3, (await first).Score);
        Assert.Equal(4, (await good).Score);
        Assert.IsType<InvalidOperationException>((await Assert.ThrowsAsync<TextClassificationException>(() => bad)).InnerException);
        Assert.Contains("not finite", (await Assert.ThrowsAsync<TextClassificationException>(() => broken)).Message, StringComparison.Ordinal);
    }

    /// <summary>Many callers on several threads, some giving up: each gets the answer of its own text, and nothing is left waiting.</summary>
    [Fact]
    public async Task Thousands_of_callers_get_the_answers_of_their_own_texts()
    {
        _release.Release(1_000_000);
        using var batches = New(new TextClassifierOptions { BatchTokens = 64 });
        await Parallel.ForAsync(0, 20_000, TestContext.Current.CancellationToken, async (index, token) =>
        {
            using var given = CancellationTokenSource.CreateLinkedTokenSource(token);
            var answer = RunAsync(batches, 2 + (index % 10), given.Token);
            if (index % 7 == 0)
            {
                await given.CancelAsync();
                await ((Task)answer).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return;
            }

            Assert.Equal(2 + (index % 10), (await answer).Score);
        });
    }

    private SharedBatches New(TextClassifierOptions options) => new(Encode, Run, Read, options, _metrics);

    private static Task<TextClassification> RunAsync(SharedBatches batches, int tokens, CancellationToken cancellationToken) =>
        batches.RunAsync(new string('a', tokens), cancellationToken).AsTask();

    /// <summary>A token a character.</summary>
    private static int Encode(string text, ref int[] ids, out int totalTokens)
    {
        ids = new int[text.Length];
        return totalTokens = text.Length;
    }

    private static TextClassification Read(WaitingText text) =>
        new() { Label = "", Score = text.Logits[0], Scores = [], Tokens = text.Ids.Length, IsTruncated = false };

    /// <summary>Logits are the text's length; 13 fails, 14 is not finite.</summary>
    private void Run(ReadOnlySpan<ReadOnlyMemory<int>> texts, TextLogits logits, CancellationToken cancellationToken)
    {
        int[] lengths = [.. texts.ToArray().Select(text => text.Length)];
        _batches.Add(lengths);
        _started.Release();
        _release.Wait(cancellationToken);
        logits.Begin(lengths.Length);
        logits.Put([.. Enumerable.Range(0, lengths.Length)], lengths.Contains(13) ? throw new InvalidOperationException("thirteen")
            : [.. lengths.Select(length => length == 14 ? float.NaN : length)]);
    }
}
