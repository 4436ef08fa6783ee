using System.Diagnostics;
using System.Globalization;
using Grpc.Core;
using LoraOnnx.Client;

namespace LoraOnnx.Benchmarks.Serving;

/// <summary>Two ways to load a server. Each text is used once.</summary>
internal static class LoadGenerator
{
    /// <summary>Closed loop: so many callers, each calls again when it has its answer; a refused one waits as long as the server says.</summary>
    public static async Task<LoadResult> ClosedAsync(SentimentClient client, int callers, TimeSpan rampUp, TimeSpan duration, Func<string> nextText)
    {
        var result = new LoadResult();
        using var done = new CancellationTokenSource();
        var calling = Enumerable.Range(0, callers).Select(_ => CallUntilAsync(client, nextText, result, done.Token)).ToArray();
        await Task.Delay(rampUp);
        result.Begin();
        await Task.Delay(duration);
        result.Stop();
        await done.CancelAsync();
        await Task.WhenAll(calling);
        return result;
    }

    /// <summary>Open loop: calls arrive at random (Poisson) at a rate, whatever becomes of those before them.</summary>
    public static async Task<LoadResult> OpenAsync(
        SentimentClient client, double callsPerSecond, TimeSpan rampUp, TimeSpan duration, Func<string> nextText)
    {
        var random = new Random(7);
        var running = new List<Task>();
        var result = new LoadResult();
        var started = Stopwatch.GetTimestamp();
        var begun = false;
        for (var due = TimeSpan.Zero; due < rampUp + duration; due += TimeSpan.FromSeconds(-Math.Log(1 - random.NextDouble()) / callsPerSecond))
        {
            var early = due - Stopwatch.GetElapsedTime(started);
            if (early > TimeSpan.FromMilliseconds(1))
            {
                await Task.Delay(early);
            }

            if (!begun && due >= rampUp)
            {
                begun = true;
                result.Begin();
            }

            running.Add(CallAsync(client, nextText(), result));
            if (running.Count > 10_000)
            {
                running.RemoveAll(call => call.IsCompletedSuccessfully);
            }
        }

        result.Stop();
        await Task.WhenAll(running);
        return result;
    }

    private static async Task CallUntilAsync(SentimentClient client, Func<string> nextText, LoadResult result, CancellationToken done)
    {
        while (!done.IsCancellationRequested)
        {
            string text;
            lock (nextText)
            {
                text = nextText();
            }

            if (await CallAsync(client, text, result) is { } wait)
            {
                await Task.Delay(wait, CancellationToken.None); // a refused caller keeps to what it was told
            }
        }
    }

    /// <summary>The time to wait where the server refused.</summary>
    private static async Task<TimeSpan?> CallAsync(SentimentClient client, string text, LoadResult result)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            var answer = await client.PredictAsync(text, PredictOptions.Default, CancellationToken.None);
            result.Add(answer.Tokens, Stopwatch.GetElapsedTime(started));
            return null;
        }
        catch (RpcException failure)
        {
            result.Add(failure);
            return TimeSpan.FromMilliseconds(double.Parse(failure.Trailers.GetValue("grpc-retry-pushback-ms") ?? "10", CultureInfo.InvariantCulture));
        }
    }
}
