using System.Diagnostics;
using LoraOnnx.Inference;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Serving.Models;

/// <summary>What a model must pass before anybody may call it, and how fast it was.</summary>
internal static class EngineTrial
{
    /// <summary>
    /// Largest difference to golden logits, and between a text alone and in a batch, relative to the largest logit; int8 kernels differ by processor.
    /// </summary>
    private const float Tolerance = 2e-2f;

    private static readonly string[] _texts =
    [
        "",
        "good",
        "A film that takes its time and earns every minute of it.",
        "I wanted to like this one; the cast is fine, the script is not, and by the second hour nobody on screen or off seemed to care any more.",
        "So good :) <3 $5 + 100% — «très bien», 很好 🎬",
    ];

    /// <summary>Runs sample texts alone and together, and golden ones where there are any. Returns tokens a second of one run at a time.</summary>
    /// <exception cref="InputException">The engine's answers are not logits, or not the expected ones.</exception>
    public static double Pass(LoadedEngine engine, string path, CancellationToken cancellationToken)
    {
        var maxTokens = engine.Model.MaxTokens;
        var encoded = _texts.Select(text => engine.Tokenizer.Encode(text, maxTokens, Truncation.Head)).ToArray();
        var together = Run(engine, path, encoded, cancellationToken);
        for (var i = 0; i < encoded.Length; i++)
        {
            var alone = Run(engine, path, [encoded[i]], cancellationToken)[0];
            RequireClose(path, $"sample text {i + 1} alone and in a batch", alone, together[i]);
        }

        PassGolden(engine, path, cancellationToken);
        return TokensPerSecond(engine, encoded, cancellationToken);
    }

    /// <summary>Of a variant: one short text, and golden ones where there are any. Its base has passed the rest.</summary>
    /// <exception cref="InputException">The answers are not logits, or not the expected ones.</exception>
    public static void PassVariant(LoadedEngine engine, string path, CancellationToken cancellationToken)
    {
        Run(engine, path, [engine.Tokenizer.Encode(_texts[1], engine.Model.MaxTokens, Truncation.Head)], cancellationToken);
        PassGolden(engine, path, cancellationToken);
    }

    private static void PassGolden(LoadedEngine engine, string path, CancellationToken cancellationToken)
    {
        var file = Path.Combine(ModelFiles.DirectoryOf(path), GoldenTexts.FileName);
        if (!File.Exists(file))
        {
            return;
        }

        foreach (var (text, expected, line) in GoldenTexts.Read(file, cancellationToken))
        {
            var logits = Run(engine, path, [engine.Tokenizer.Encode(text, engine.Model.MaxTokens, Truncation.Head)], cancellationToken)[0];
            RequireClose(file, $"line {line}", logits, expected);
        }
    }

    private static float[][] Run(LoadedEngine engine, string path, EncodedText[] batch, CancellationToken cancellationToken)
    {
        var logits = engine.Run(batch, cancellationToken);
        var labels = engine.Model.Task.Labels.Count;
        if (logits.Length != batch.Length || logits.Any(row => row.Length != labels))
        {
            throw InputException.InFile(path,
                $"gave logits [{logits.Length}, {logits.FirstOrDefault()?.Length}], expected [{batch.Length}, {labels}].");
        }

        return logits.All(row => Array.TrueForAll(row, float.IsFinite))
            ? logits
            : throw InputException.InFile(path, "gave logits that are not finite in the self-test.",
                "the file is damaged or was trained to divergence.");
    }

    private static void RequireClose(string path, string what, float[] actual, float[] expected)
    {
        if (actual.Length != expected.Length)
        {
            throw InputException.InFile(path, $"{what}: {actual.Length} logits, expected {expected.Length}.");
        }

        var scale = expected.Select(Math.Abs).Append(1).Max();
        var difference = actual.Zip(expected, (left, right) => Math.Abs(left - right)).Max();
        if (!(difference <= Tolerance * scale))
        {
            throw InputException.InFile(path, $"{what}: logits differ by {difference:g3}, expected at most {Tolerance * scale:g3}.",
                "the model was not put into service.");
        }
    }

    /// <summary>
    /// The better of two runs over a batch of about 256 tokens, enough for a steady figure and under a tenth of a second for small models.
    /// </summary>
    private static double TokensPerSecond(LoadedEngine engine, EncodedText[] samples, CancellationToken cancellationToken)
    {
        var batch = new List<EncodedText>();
        for (var tokens = 0; tokens < 256; tokens += batch[^1].Ids.Length)
        {
            batch.Add(samples[2 + batch.Count % (samples.Length - 2)]);
        }

        var best = double.MaxValue;
        for (var run = 0; run < 2; run++)
        {
            var started = Stopwatch.GetTimestamp();
            engine.Run(batch, cancellationToken);
            best = Math.Min(best, Stopwatch.GetElapsedTime(started).TotalSeconds);
        }

        return batch.Sum(text => text.Ids.Length) / Math.Max(best, 1e-6);
    }
}
