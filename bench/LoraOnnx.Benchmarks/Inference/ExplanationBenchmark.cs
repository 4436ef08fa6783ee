using System.Globalization;
using System.Text.Json;
using LoraOnnx.Inference;
using LoraOnnx.Inference.Explanations;
using LoraOnnx.Model;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Benchmarks.Inference;

/// <summary>
/// What a step of an explanation costs in forward passes, and whether the words that it names are those that decide: deleting them against deleting
/// as many at random.
/// </summary>
internal static class ExplanationBenchmark
{
    public const string Question = "a step of an explanation in forward passes, and what its words decide: [cost|words] [CHECKPOINT] [TEXTS.jsonl]";

    private const int Texts = 200;
    private const int Steps = 32;
    private const int RandomDraws = 5;
    private const double Deleted = 0.2;

    private static readonly InferenceOptions _options = new() { Device = ComputeDevice.Cpu };
    private static readonly string _demo = Path.Combine(CheckoutRoot.Path, "models", "demo");

    public static int Run(string[] arguments)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        var part = arguments.Length > 0 ? arguments[0] : "";
        if (part != "words")
        {
            Cost("base size", BaseSizeModel.Weights(), rounds: 1);
            Cost("models/demo", Checkpoint.Open(_demo).LoadWeights(), rounds: 10);
        }

        if (part != "cost")
        {
            Faithfulness(arguments.Length > 1 ? arguments[1] : _demo,
                arguments.Length > 2 ? arguments[2] : Path.Combine(CheckoutRoot.Path, "samples", "reviews", "test.jsonl"));
        }

        return 0;
    }

    /// <summary>CPU time of explanations over that of as many forward passes of the same text in one packed batch, in turn.</summary>
    private static void Cost(string name, ModelWeights weights, int rounds)
    {
        using var classifier = TextClassifier.FromWeights(weights, _demo, _options);
        using var explainer = TextExplainer.FromWeights(weights, classifier.Tokenizer, _options);
        foreach (var tokens in (int[])[32, 128, 512])
        {
            var text = new Serving.SampleTexts(_demo, seed: tokens).OfTokens(tokens);
            var encoded = classifier.Tokenizer.Encode(text, 512, Truncation.Head);
            foreach (var steps in (int[])[8, 32])
            {
                var texts = Enumerable.Repeat(encoded, steps + 2).ToArray();
                var (forward, explained) = (TimeSpan.Zero, TimeSpan.Zero);
                for (var round = -1; round < rounds; round++) // the first is not counted
                {
                    var before = Environment.CpuUsage.TotalTime;
                    classifier.Run(texts, CancellationToken.None);
                    var between = Environment.CpuUsage.TotalTime;
                    explainer.Explain(text, 1, 512, Truncation.Head, steps, CancellationToken.None);
                    if (round >= 0)
                    {
                        (forward, explained) = (forward + (between - before), explained + (Environment.CpuUsage.TotalTime - between));
                    }
                }

                Console.WriteLine($"{name}, {tokens} tokens, {steps} steps: a step costs {explained / forward:F2} forward passes");
            }
        }
    }

    /// <summary>How far the probability of the answer moves without the words that add most to it, and without as many at random.</summary>
    private static void Faithfulness(string checkpoint, string file)
    {
        var weights = Checkpoint.Open(checkpoint).LoadWeights();
        using var classifier = TextClassifier.FromWeights(weights, checkpoint, _options);
        using var explainer = TextExplainer.FromWeights(weights, classifier.Tokenizer, _options);
        var random = new Random(1);
        var (chosen, drawn, texts) = (0.0, 0.0, 0);
        foreach (var text in File.ReadLines(file).Take(Texts).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("text").GetString()!))
        {
            var logits = Logits(classifier, text);
            var answer = Array.IndexOf(logits, logits.Max());
            var words = explainer.Explain(text, answer, 512, Truncation.Head, Steps, CancellationToken.None).Words;
            var count = (int)Math.Ceiling(Deleted * words.Count);
            var before = Probability(logits, answer);
            chosen += Math.Abs(before - Without(words.OrderByDescending(word => word.Value)));
            drawn += Enumerable.Range(0, RandomDraws).Average(_ => Math.Abs(before - Without(words.OrderBy(_ => random.Next()))));
            texts++;

            double Without(IEnumerable<WordAttribution> order)
            {
                var left = order.Take(count).OrderByDescending(word => word.Start)
                    .Aggregate(text, (rest, word) => rest.Remove(word.Start, word.End - word.Start));
                return Probability(Logits(classifier, left), answer);
            }
        }

        Console.WriteLine($"{texts} texts, {Deleted:P0} of the words deleted: the probability of the answer moves by {chosen / texts:F3} without "
            + $"those that add most, by {drawn / texts:F3} without as many at random = {chosen / drawn:F1} times");
    }

    private static float[] Logits(TextClassifier classifier, string text) =>
        classifier.Run([classifier.Tokenizer.Encode(text, 512, Truncation.Head)], CancellationToken.None)[0];

    private static double Probability(float[] logits, int answer) => 1 / logits.Sum(logit => Math.Exp(logit - logits[answer]));
}
