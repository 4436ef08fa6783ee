using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using LoraOnnx.Benchmarks.Serving;
using LoraOnnx.Client;
using LoraOnnx.Graph;
using LoraOnnx.Inference;
using LoraOnnx.Model;

namespace LoraOnnx.Benchmarks.ShortTexts;

/// <summary>Sentences, tokenizing included, all engines in turn batch by batch; then one short call by REST and by gRPC in turn.</summary>
internal static class ShortTextBenchmark
{
    public const string Question =
        "Sentences of 18 tokens, fp32: the packed engine beside the portable graph and transformers.js; REST beside gRPC. [--model DIR] [ROUNDS]";

    private const int Tokens = 18;

    /// <summary>Rounds that are not counted: until the runtime has compiled everything with all optimisations.</summary>
    private const int WarmUp = 60;

    /// <summary>Node's threads wait busily for a while after their work and would take the others' time.</summary>
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(20);

    public static int Run(string[] arguments)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        var at = Array.IndexOf(arguments, "--model");
        var model = at >= 0 ? arguments[at + 1] : Path.Combine(CheckoutRoot.Path, "models", "demo");
        var rounds = int.TryParse(arguments.LastOrDefault(), out var asked) ? asked : 60;
        var folder = Path.Combine(CheckoutRoot.Path, "artifacts", "bench", "short-texts");
        var hub = Path.Combine(folder, Path.GetFileName(model));
        if (!Directory.Exists(hub))
        {
            TransformersJs.Succeed(Path.Combine(CheckoutRoot.Path, "bin", "lora-merge"), "--model", model, "--layout", "hub", "--out", hub,
                "--no-verify");
        }

        var texts = new SampleTexts(hub, seed: 1);
        using (var js = new TransformersJs(Path.Combine(folder, "node"), hub))
        {
            Engines(hub, js, texts, rounds);
        }

        ProtocolsAsync(hub, texts, 10 * rounds).GetAwaiter().GetResult(); // the benchmarks' contract is synchronous
        return 0;
    }

    private static void Engines(string hub, TransformersJs js, SampleTexts texts, int rounds)
    {
        var options = new InferenceOptions { Device = ComputeDevice.Cpu, Precision = PrecisionRule.Of(Precision.Fp32) };
        using var packed = TextClassifier.Load(hub, options);
        using var nodes = TextClassifier.Load(hub, options with { UsesKernels = false });
        using var portable = PortableModel.Open(Path.Combine(hub, "onnx", "model.onnx"), options);
        foreach (var batchSize in (int[])[1, 8, 32])
        {
            var times = new Dictionary<string, List<double>>
            {
                ["packed"] = [],
                ["packed, nodes"] = [],
                ["portable"] = [],
                ["transformers.js"] = [],
            };
            for (var round = -WarmUp; round < Math.Max(20, rounds * 4 / (batchSize + 3)); round++)
            {
                string[] batch = [.. Enumerable.Range(0, batchSize).Select(_ => texts.OfTokens(Tokens))];
                (string Name, Func<double> Take)[] engines =
                [
                    ("packed", () => Milliseconds(() => packed.Run([.. batch.Select(packed.Encode)], CancellationToken.None))),
                    ("packed, nodes", () => Milliseconds(() => nodes.Run([.. batch.Select(packed.Encode)], CancellationToken.None))),
                    ("portable",
                        () => Milliseconds(() => portable.Run([.. batch.Select(text => packed.Encode(text).Ids)], CancellationToken.None))),
                    ("transformers.js", () => Paused(() => js.Milliseconds(batch))),
                ];

                // Who comes first finds the caches as the last one left them: places change from round to round, in both directions.
                var (first, step) = ((round + WarmUp) % 4, (round + WarmUp) / 4 % 2 == 0 ? 1 : 3);
                List<(string, double)> taken =
                    [.. Enumerable.Range(0, 4).Select(place => engines[(first + (place * step)) % 4]).Select(engine => (engine.Name, engine.Take()))];
                foreach (var (name, milliseconds) in round < 0 ? [] : taken)
                {
                    times[name].Add(milliseconds);
                }
            }

            Console.WriteLine($"batches of {batchSize}, {times["packed"].Count} rounds: "
                + string.Join(", ", times.Select(time => $"{time.Key} {Figures.Median(time.Value):0.00} ms")));
            foreach (var other in (string[])["packed, nodes", "portable", "transformers.js"])
            {
                Console.WriteLine($"  {other} / packed: {Figures.Summary([.. times[other].Zip(times["packed"], (a, b) => a / b)])}");
            }
        }
    }

    private static async Task ProtocolsAsync(string model, SampleTexts texts, int calls)
    {
        using var server = ServerUnderTest.Start(model);
        using var grpc = new SentimentClient(server.Address);
        using var rest = new HttpClient { BaseAddress = server.HttpAddress };
        var (ofGrpc, ofRest) = (new List<double>(), new List<double>());
        for (var call = -50; call < calls; call++)
        {
            var started = Stopwatch.GetTimestamp();
            await grpc.PredictAsync(texts.OfTokens(Tokens), PredictOptions.Default, CancellationToken.None);
            var between = Stopwatch.GetTimestamp();
            using var answer = await rest.PostAsJsonAsync("v1/predict", new { text = texts.OfTokens(Tokens) });
            answer.EnsureSuccessStatusCode();
            await answer.Content.ReadAsStringAsync();
            if (call >= 0)
            {
                ofGrpc.Add(Stopwatch.GetElapsedTime(started, between).TotalMilliseconds);
                ofRest.Add(Stopwatch.GetElapsedTime(between).TotalMilliseconds);
            }
        }

        Console.WriteLine($"one text of {Tokens} tokens: gRPC {Figures.Median(ofGrpc):0.00} ms, REST {Figures.Median(ofRest):0.00} ms, REST / gRPC "
            + $"{Figures.Median(ofRest) / Figures.Median(ofGrpc):0.000} ({calls} calls each, in turn)");
    }

    private static double Paused(Func<double> milliseconds)
    {
        Thread.Sleep(_pause);
        return milliseconds();
    }

    private static double Milliseconds(Action work)
    {
        Thread.Sleep(_pause);
        var started = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }
}
