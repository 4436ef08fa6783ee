using System.Diagnostics;
using System.Globalization;
using LoraOnnx.Client;

namespace LoraOnnx.Benchmarks.Serving;

/// <summary>What does a server add to its engine, what does it do under ten times its load, and does its memory stay? A base-size model, the generator on the same machine.</summary>
internal static class ServingBenchmark
{
    public const string Question = "lora-serve against its bare engine: saturation | latency | overload | soak [SECONDS] [--model DIR]";

    /// <summary>The server's default.</summary>
    private static readonly TimeSpan _latencyTarget = TimeSpan.FromMilliseconds(500);

    public static int Run(string[] arguments) => RunAsync(arguments).GetAwaiter().GetResult(); // the benchmarks' contract is synchronous

    private static async Task<int> RunAsync(string[] arguments)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        var part = arguments.FirstOrDefault();
        if (part is not ("saturation" or "latency" or "overload" or "soak"))
        {
            Console.Error.WriteLine($"error: {(part is null ? "no part was named" : $"no part is called '{part}'")}. {Question}");
            return 1;
        }

        var at = Array.IndexOf(arguments, "--model");
        var model = at >= 0 ? arguments[at + 1] : Path.Combine(Path.GetTempPath(), "lora-onnx-base-size");
        if (at < 0)
        {
            BaseSizeModel.Write(model);
        }

        var seconds = arguments.Length > 1 && int.TryParse(arguments[1], out var asked) ? asked : 0;
        await (part switch
        {
            "saturation" => SaturationAsync(model, TimeSpan.FromSeconds(seconds > 0 ? seconds : 10)),
            "latency" => LatencyAsync(model),
            "overload" => OverloadAsync(model, TimeSpan.FromSeconds(seconds > 0 ? seconds : 30)),
            _ => SoakAsync(model, TimeSpan.FromSeconds(seconds > 0 ? seconds : 600)),
        });
        return 0;
    }

    /// <summary>Engine and server take turns on the same kind of texts.</summary>
    private static async Task SaturationAsync(string model, TimeSpan turn)
    {
        var texts = new SampleTexts(model, seed: 1);
        using var server = ServerUnderTest.Start(model);
        using var client = new SentimentClient(server.Address);
        using var engine = new BareEngine(model);
        engine.TokensPerSecond(server.BatchTokens, TimeSpan.FromSeconds(2), texts.Mixed);
        await LoadGenerator.ClosedAsync(client, 16, TimeSpan.FromSeconds(2), texts.Mixed);
        var ratios = new List<double>();
        for (var round = 0; round < 5; round++)
        {
            var bare = engine.TokensPerSecond(server.BatchTokens, turn, texts.Mixed);
            var load = await LoadGenerator.ClosedAsync(client, 16, turn, texts.Mixed);
            ratios.Add(load.TokensPerSecond / bare);
            Console.WriteLine($"round {round + 1}: engine {bare:n0} tokens/s; server {load.TokensPerSecond:n0} tokens/s, p50 {load.Percentile(0.5):n0} ms, "
                + $"refused {load.Refused}, failed {load.Failed}, generator {load.GeneratorCores:0.00} cores; ratio {ratios[^1]:0.000}");
        }

        Console.WriteLine($"saturation: server / engine, median {Median(ratios):0.000} (16 callers, batches of {server.BatchTokens} tokens)");
    }

    private static async Task LatencyAsync(string model)
    {
        var texts = new SampleTexts(model, seed: 2);
        using var server = ServerUnderTest.Start(model);
        using var client = new SentimentClient(server.Address);
        using var engine = new BareEngine(model);
        var ratios = new List<double>();
        for (var round = 0; round < 6; round++)
        {
            var bare = new List<double>();
            var served = new List<double>();
            for (var call = 0; call < 100; call++)
            {
                bare.Add(engine.Milliseconds(texts.OfTokens(30)));
                var text = texts.OfTokens(30);
                var started = Stopwatch.GetTimestamp();
                await client.PredictAsync(text, PredictOptions.Default, CancellationToken.None);
                served.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            }

            Console.WriteLine($"round {round}: engine {Median(bare):0.00} ms, server {Median(served):0.00} ms, ratio {Median(served) / Median(bare):0.000}{(round == 0 ? " (warm-up, not counted)" : "")}");
            if (round > 0)
            {
                ratios.Add(Median(served) / Median(bare));
            }
        }

        Console.WriteLine($"latency: one text of 30 tokens at a time, server / engine, median of medians {Median(ratios):0.000}");
    }

    private static async Task OverloadAsync(string model, TimeSpan duration)
    {
        var texts = new SampleTexts(model, seed: 3);
        using var server = ServerUnderTest.Start(model);
        using var client = new SentimentClient(server.Address);
        await LoadGenerator.ClosedAsync(client, 8, TimeSpan.FromSeconds(3), () => texts.OfTokens(256));
        var before = await LoadGenerator.ClosedAsync(client, 8, duration / 3, () => texts.OfTokens(256));
        var overload = await LoadGenerator.OpenAsync(client, 10 * before.TextsPerSecond, duration, () => texts.OfTokens(256));
        var after = await LoadGenerator.ClosedAsync(client, 8, duration / 3, () => texts.OfTokens(256));
        var capacity = (before.TextsPerSecond + after.TextsPerSecond) / 2;
        Console.WriteLine($"capacity {capacity:0.0} texts/s ({before.TextsPerSecond:0.0} before, {after.TextsPerSecond:0.0} after; generator {before.GeneratorCores:0.00} cores)");
        Console.WriteLine($"overload: {(overload.Answered + overload.Refused + overload.Failed) / overload.Elapsed:0.0} texts/s offered, goodput {overload.TextsPerSecond / capacity:0.000} of capacity, "
            + $"accepted p50 {overload.Percentile(0.5):n0} ms, p99 {overload.Percentile(0.99):n0} ms = {overload.Percentile(0.99) / _latencyTarget.TotalMilliseconds:0.00} x latency target, "
            + $"refused {overload.Refused}, failed {overload.Failed} {overload.FirstFailure}, generator {overload.GeneratorCores:0.00} cores");
    }

    /// <summary>Mixed texts at 70 % of capacity; memory is read every ten seconds.</summary>
    private static async Task SoakAsync(string model, TimeSpan duration)
    {
        var texts = new SampleTexts(model, seed: 4);
        using var server = ServerUnderTest.Start(model);
        using var client = new SentimentClient(server.Address);
        var capacity = await LoadGenerator.ClosedAsync(client, 16, TimeSpan.FromSeconds(10), texts.Mixed);
        var load = LoadGenerator.OpenAsync(client, 0.7 * capacity.TextsPerSecond, duration, texts.Mixed);
        var memory = new List<(double Minutes, double Mebibytes)>();
        var started = Stopwatch.GetTimestamp();
        while (await Task.WhenAny(load, Task.Delay(TimeSpan.FromSeconds(10))) != load)
        {
            memory.Add((Stopwatch.GetElapsedTime(started).TotalMinutes, server.ResidentBytes / 1048576.0));
            Console.WriteLine($"{memory[^1].Minutes:0.0} min: {memory[^1].Mebibytes:n1} MiB");
        }

        var result = await load;
        var last = memory.Where(sample => sample.Minutes > duration.TotalMinutes / 5).ToArray();
        Console.WriteLine($"soak: {result.Elapsed / 60:0.0} min at {result.TextsPerSecond:0.0} texts/s; answered {result.Answered}, refused {result.Refused}, failed {result.Failed} {result.FirstFailure}; "
            + $"p50 {result.Percentile(0.5):n0} ms, p99 {result.Percentile(0.99):n0} ms; memory {Slope(last):0.00} MiB/min over the last {duration.TotalMinutes * 0.8:0.0} min");
    }

    /// <summary>Least squares: MiB a minute.</summary>
    public static double Slope(IReadOnlyList<(double Minutes, double Mebibytes)> samples)
    {
        var time = samples.Average(sample => sample.Minutes);
        var size = samples.Average(sample => sample.Mebibytes);
        return samples.Sum(sample => (sample.Minutes - time) * (sample.Mebibytes - size)) / samples.Sum(sample => Math.Pow(sample.Minutes - time, 2));
    }

    private static double Median(IEnumerable<double> values) => values.Order().ToArray() is var sorted ? sorted[sorted.Length / 2] : double.NaN;
}
