using System.Diagnostics;
using System.Globalization;
using LoraOnnx.Client;

namespace LoraOnnx.Benchmarks.Serving;

/// <summary>
/// What does a server add to its engine, what does it do under ten times its load, and does its memory stay? A base-size model. The server is a
/// process of its own; this one generates the load and, in turns with it, runs the bare engine. Turns are short and in pairs, so that what else the
/// machine does meets both sides.
/// </summary>
internal static class ServingBenchmark
{
    public const string Question = "lora-serve against its bare engine: saturation | latency | overload | soak [SECONDS] [--model DIR]";

    private static readonly TimeSpan _rampUp = TimeSpan.FromSeconds(0.7);

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
            BaseSizeDirectory.Write(model);
        }

        var seconds = arguments.Length > 1 && int.TryParse(arguments[1], out var asked) ? asked : 0;
        Console.WriteLine($"load of the machine before: {File.ReadAllText("/proc/loadavg").Split(' ')[0]}");
        using var server = ServerUnderTest.Start(model);
        using var client = new SentimentClient(server.Address);
        await (part switch
        {
            "saturation" => SaturationAsync(server, client, model, TimeSpan.FromSeconds(seconds > 0 ? seconds : 100)),
            "latency" => LatencyAsync(client, model),
            "overload" => OverloadAsync(client, model, TimeSpan.FromSeconds(seconds > 0 ? seconds : 100)),
            _ => SoakAsync(server, client, model, TimeSpan.FromSeconds(seconds > 0 ? seconds : 600)),
        });
        return 0;
    }

    /// <summary>Turns of four seconds, in the order engine, server, server, engine; the engine runs batches of as many tokens as the server allows
    /// itself at the moment.</summary>
    private static async Task SaturationAsync(ServerUnderTest server, SentimentClient client, string model, TimeSpan duration)
    {
        const int Callers = 12;
        var turn = TimeSpan.FromSeconds(4);
        var texts = new SampleTexts(model, seed: 1);
        using var engine = new BareEngine(model);
        var ratios = new List<double>();
        var generator = new List<double>();
        var rounds = Math.Max(2, (int)(duration / (2 * turn)));
        for (var round = -1; round < rounds; round++) // the first warms up
        {
            var budget = await server.BatchTokensAsync();
            var first = round % 2 == 0 ? engine.TokensPerSecond(budget, turn, texts.Mixed) : 0;
            var load = await LoadGenerator.ClosedAsync(client, Callers, _rampUp, turn, texts.Mixed);
            var bare = first > 0 ? first : engine.TokensPerSecond(budget, turn, texts.Mixed);
            if (round < 0)
            {
                continue;
            }

            ratios.Add(load.TokensPerSecond / bare);
            generator.Add(load.GeneratorCores);
            Console.WriteLine($"round {round + 1}: engine {bare:n0} tokens/s; server {load.TokensPerSecond:n0} tokens/s, p50 "
                + $"{Figures.Median(load.Milliseconds):n0} ms, "
                + $"batches of {budget} tokens, refused {load.Refused}, failed {load.Failed}, generator {load.GeneratorCores:0.00} cores; ratio "
                + $"{ratios[^1]:0.000}");
        }

        Console.WriteLine($"saturation: server / engine in tokens/s, {Figures.Summary(ratios)}; {Callers} callers, generator "
            + $"{Figures.Median(generator):0.00} cores");
    }

    /// <summary>Blocks of calls, one at a time, in turns.</summary>
    private static async Task LatencyAsync(SentimentClient client, string model)
    {
        const int Calls = 25;
        var texts = new SampleTexts(model, seed: 2);
        using var engine = new BareEngine(model);
        var ratios = new List<double>();
        for (var block = -2; block < 40; block++) // the first two warm up
        {
            var bare = Enumerable.Range(0, Calls).Select(_ => engine.Milliseconds(texts.OfTokens(30))).ToArray();
            var served = new List<double>();
            for (var call = 0; call < Calls; call++)
            {
                var text = texts.OfTokens(30);
                var started = Stopwatch.GetTimestamp();
                await client.PredictAsync(text, PredictOptions.Default, CancellationToken.None);
                served.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            }

            if (block >= 0)
            {
                ratios.Add(Figures.Median(served) / Figures.Median(bare));
                Console.WriteLine(
                    $"block {block + 1}: engine {Figures.Median(bare):0.00} ms, server {Figures.Median(served):0.00} ms, ratio {ratios[^1]:0.000}");
            }
        }

        Console.WriteLine($"latency: one text of 30 tokens at a time, server / engine, {Figures.Summary(ratios)} of {Calls} calls each");
    }

    /// <summary>Capacity and ten times of it in turns; each overload is compared with the mean of the capacity before and after it.</summary>
    private static async Task OverloadAsync(SentimentClient client, string model, TimeSpan duration)
    {
        var turn = TimeSpan.FromSeconds(7);
        var texts = new SampleTexts(model, seed: 3);
        var ratios = new List<double>();
        var latencies = new List<double>();
        var generator = new List<double>();
        var (refused, failed, failure) = (0, 0, "");
        var before = await CapacityAsync();
        before = await CapacityAsync(); // the first warmed up
        var rounds = Math.Max(2, (int)(duration / (2 * (turn + _rampUp))));
        for (var round = 0; round < rounds; round++)
        {
            var overload = await LoadGenerator.OpenAsync(client, 10 * before, _rampUp, turn, () => texts.OfTokens(256));
            var after = await CapacityAsync();
            ratios.Add(overload.TextsPerSecond / ((before + after) / 2));
            latencies.AddRange(overload.Milliseconds);
            generator.Add(overload.GeneratorCores);
            (refused, failed) = (refused + overload.Refused, failed + overload.Failed);
            failure = failure.Length > 0 ? failure : overload.FirstFailure;
            Console.WriteLine($"round {round + 1}: capacity {before:0.0} texts/s before, {after:0.0} after; at ten times of it "
                + $"{overload.TextsPerSecond:0.0} texts/s; "
                + $"accepted p50 {Figures.Median(overload.Milliseconds):n0} ms, p99 {Figures.Percentile(overload.Milliseconds, 0.99):n0} ms; "
                + $"refused {overload.Refused}; ratio {ratios[^1]:0.000}");
            before = after;
        }

        var p99 = Figures.Percentile(latencies, 0.99);
        Console.WriteLine($"overload: goodput / capacity, {Figures.Summary(ratios)}; accepted p50 {Figures.Median(latencies):n0} ms, p99 {p99:n0} "
            + $"ms = {p99 / _latencyTarget.TotalMilliseconds:0.00} x latency target; "
            + $"answered {latencies.Count}, refused {refused}, failed {failed} {failure}; generator {Figures.Median(generator):0.00} cores");

        async Task<double> CapacityAsync() =>
            (await LoadGenerator.ClosedAsync(
                client, Math.Max(4, Environment.ProcessorCount), _rampUp, turn, () => texts.OfTokens(256))).TextsPerSecond;
    }

    /// <summary>Mixed texts at 70 % of capacity; memory is read every ten seconds.</summary>
    private static async Task SoakAsync(ServerUnderTest server, SentimentClient client, string model, TimeSpan duration)
    {
        var texts = new SampleTexts(model, seed: 4);
        var capacity = await LoadGenerator.ClosedAsync(client, 12, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(10), texts.Mixed);
        var load = LoadGenerator.OpenAsync(client, 0.7 * capacity.TextsPerSecond, TimeSpan.Zero, duration, texts.Mixed);
        var memory = new List<(double Minutes, double Mebibytes)>();
        var started = Stopwatch.GetTimestamp();
        while (await Task.WhenAny(load, Task.Delay(TimeSpan.FromSeconds(10))) != load)
        {
            memory.Add((Stopwatch.GetElapsedTime(started).TotalMinutes, server.ResidentBytes / 1048576.0));
            Console.WriteLine($"{memory[^1].Minutes:0.0} min: {memory[^1].Mebibytes:n1} MiB");
        }

        var result = await load;
        var last = memory.Where(sample => sample.Minutes > duration.TotalMinutes / 5).ToArray();
        Console.WriteLine($"soak: {result.Elapsed.TotalMinutes:0.0} min at {result.TextsPerSecond:0.0} texts/s, 70 % of capacity; answered "
            + $"{result.Answered}, refused {result.Refused}, failed {result.Failed} {result.FirstFailure}; "
            + $"p50 {Figures.Median(result.Milliseconds):n0} ms, p99 {Figures.Percentile(result.Milliseconds, 0.99):n0} ms; generator "
            + $"{result.GeneratorCores:0.00} cores; "
            + $"memory {Slope(last):+0.00;-0.00} MiB/min over the last {duration.TotalMinutes * 0.8:0.0} min");
    }

    /// <summary>Least squares: MiB a minute.</summary>
    public static double Slope(IReadOnlyList<(double Minutes, double Mebibytes)> samples)
    {
        var time = samples.Average(sample => sample.Minutes);
        var size = samples.Average(sample => sample.Mebibytes);
        return samples.Sum(sample => (sample.Minutes - time) * (sample.Mebibytes - size)) / samples.Sum(sample => Math.Pow(sample.Minutes - time, 2));
    }
}
