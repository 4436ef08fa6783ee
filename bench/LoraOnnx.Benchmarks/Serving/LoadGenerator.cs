using System.Diagnostics;
using System.Globalization;
using Grpc.Core;
using LoraOnnx.Client;

namespace LoraOnnx.Benchmarks.Serving;

/// <summary>Two ways to load a server. Each text is used once.</summary>
internal static class LoadGenerator
{
    /// <summary>Closed loop: so many callers, each calls again when it has its answer; a refused one waits as long as the server says.</summary>
    public static async Task<LoadResult> ClosedAsync(SentimentClient client, int callers, TimeSpan duration, Func<string> nextText)
    {
        var result = new LoadResult();
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, callers).Select(async _ =>
        {
            while (Stopwatch.GetElapsedTime(started) < duration)
            {
                string text;
                lock (nextText)
                {
                    text = nextText();
                }

                if (await CallAsync(client, text, result) is { } wait)
                {
                    await Task.Delay(wait);
                }
            }
        }));
        result.Stop();
        return result;
    }

    /// <summary>Open loop: calls arrive at random (Poisson) at a rate, whatever becomes of those before them.</summary>
    public static async Task<LoadResult> OpenAsync(SentimentClient client, double callsPerSecond, TimeSpan duration, Func<string> nextText)
    {
        var random = new Random(7);
        var running = new List<Task>();
        var result = new LoadResult();
        var started = Stopwatch.GetTimestamp();
        var due = TimeSpan.Zero;
        while (due < duration)
        {
            var early = due - Stopwatch.GetElapsedTime(started);
            if (early > TimeSpan.FromMilliseconds(1))
            {
                await Task.Delay(early);
            }

            running.Add(CallAsync(client, nextText(), result));
            if (running.Count > 10_000)
            {
                running.RemoveAll(call => call.IsCompletedSuccessfully);
            }

            due += TimeSpan.FromSeconds(-Math.Log(1 - random.NextDouble()) / callsPerSecond);
        }

        result.Stop();
        await Task.WhenAll(running);
        return result;
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
