extern alias library;

using System.Diagnostics;
using System.Globalization;
using LoraOnnx.Benchmarks.Serving;
using LoraOnnx.Inference;
using Library = library::LoraOnnx.TextClassifier;

namespace LoraOnnx.Benchmarks.Inference;

/// <summary>What does a text allocate in a program that uses the library, and how long does it take, alone and in calls with many texts?</summary>
internal static class AllocationBenchmark
{
    public const string Question = "managed bytes for each text that ITextClassifier answers in this process: MODEL [TEXTS] [ROUNDS]";

    public static int Run(string[] arguments)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        if (arguments.Length == 0)
        {
            Console.Error.WriteLine(Question);
            return 1;
        }

        var words = new SampleTexts(Path.Combine(CheckoutRoot.Path, "models", "demo"), seed: 1);
        string[] texts = [.. Enumerable.Range(0, arguments.Length > 1 ? int.Parse(arguments[1], CultureInfo.InvariantCulture) : 200)
            .Select(_ => words.Mixed())];
        var rounds = arguments.Length > 2 ? int.Parse(arguments[2], CultureInfo.InvariantCulture) : 7;
        MeasureAsync(arguments[0], texts, rounds).GetAwaiter().GetResult();
        return 0;
    }

    private static async Task MeasureAsync(string model, string[] texts, int rounds)
    {
        using var classifier = Library.Load(model);
        using var engine = TextClassifier.Load(model, new InferenceOptions());
        var logits = new TextLogits();
        int[] ids = [];
        var handles = await LeastAsync(texts.Length, rounds, () =>
        {
            foreach (var text in texts)
            {
                var count = engine.Encode(text, ref ids, out _);
                engine.Run([ids.AsMemory(0, count)], logits, CancellationToken.None);
            }

            return Task.CompletedTask;
        });
        var answers = await LeastAsync(texts.Length, rounds, () =>
        {
            foreach (var _ in texts)
            {
                GC.KeepAlive(new TextClassification
                {
                    Label = "",
                    Score = 0,
                    Scores = new LabelScore[classifier.Labels.Count],
                    Tokens = 2,
                    IsTruncated = false,
                });
            }

            return Task.CompletedTask;
        });
        var alone = await LeastAsync(texts.Length, rounds, async () =>
        {
            foreach (var text in texts)
            {
                await classifier.ClassifyAsync(text);
            }
        });
        var together = await LeastAsync(texts.Length, rounds, async () => await classifier.ClassifyAsync(texts));

        Console.WriteLine($"{texts.Length} texts, least of {rounds} rounds, for each text:");
        Console.WriteLine($"  the answer itself           {answers.Bytes,8:F1} bytes");
        Console.WriteLine($"  ONNX Runtime's handles      {handles.Bytes,8:F1} bytes {handles.Milliseconds,8:F3} ms, engine and tokenizer alone");
        Console.WriteLine($"  texts asked one by one      {alone.Bytes,8:F1} bytes {alone.Milliseconds,8:F3} ms: "
            + $"{alone.Bytes - handles.Bytes - answers.Bytes:F1} bytes beyond the answer and the handles");
        Console.WriteLine($"  all texts in one call       {together.Bytes,8:F1} bytes {together.Milliseconds,8:F3} ms, handles shared by a batch");
    }

    private static async Task<(double Bytes, double Milliseconds)> LeastAsync(int texts, int rounds, Func<Task> work)
    {
        var (bytes, milliseconds) = (double.MaxValue, double.MaxValue);
        for (var round = 0; round < rounds; round++)
        {
            var (before, started) = (GC.GetTotalAllocatedBytes(precise: true), Stopwatch.GetTimestamp());
            await work();
            milliseconds = Math.Min(milliseconds, Stopwatch.GetElapsedTime(started).TotalMilliseconds / texts);
            bytes = Math.Min(bytes, (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)texts);
        }

        return (bytes, milliseconds);
    }
}
