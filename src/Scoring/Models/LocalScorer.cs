using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using LoraOnnx.Client;
using LoraOnnx.Inference;
using LoraOnnx.Model;
using LoraOnnx.Model.Metrics;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Scoring.Models;

/// <summary>
/// A model in this process. Texts are sorted by length into batches without padding; each run uses one thread and several run at once, so all cores
/// work and the scores do not depend on their number.
/// </summary>
internal sealed class LocalScorer : IScorer
{
    private readonly TextClassifier _classifier;
    private readonly Calibration _calibration;
    private readonly int _threads;

    private LocalScorer(TextClassifier classifier, Calibration calibration, int threads)
    {
        (_classifier, _calibration, _threads) = (classifier, calibration, threads);
        Identity = new ScorerIdentity(
            classifier.Model.Hash, SettingsOf(classifier, calibration), EnumNames.Of(classifier.Model.Precision), CpuInstructions.Text);
    }

    public ClassificationTask Task => _classifier.Model.Task;

    public ScorerIdentity Identity { get; }

    /// <exception cref="InputException">There is no ONNX file, or it cannot be loaded.</exception>
    public static LocalScorer Load(ScoreOptions options)
    {
        var path = options.Model;
        if (!Path.Exists(path))
        {
            throw InputException.InFile(path, "no such file or directory.",
                ServerAddress.WayOut(path) is { } wayOut ? $"{wayOut}"
                    : $"give an ONNX file of lora-merge or its directory, or http://HOST:PORT/MODEL. {NearbyNames.Of(path)}");
        }

        var classifier = TextClassifier.Load(path, new InferenceOptions
        {
            Device = ComputeDevice.Cpu,
            Threads = 1,
            Precision = options.Precision,
            Log = line => VisibleLines.Tell($"note: {line}"),
        });
        try
        {
            var calibration = Calibration.LoadFor(ModelFiles.DirectoryOf(path), classifier.Model.Hash, WarningLines.Write);
            return new LocalScorer(classifier, calibration, options.Threads);
        }
        catch
        {
            classifier.Dispose();
            throw;
        }
    }

    public Task<IReadOnlyList<ScoredText>> ScoreAsync(IReadOnlyList<string?> texts, Action<double> progress, CancellationToken cancellationToken)
    {
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = _threads, CancellationToken = cancellationToken };
        int[] read = [.. Enumerable.Range(0, texts.Count).Where(row => texts[row] is not null)];
        var encoded = new EncodedText[read.Length];
        Parallel.For(0, read.Length, parallel, place => encoded[place] = _classifier.Encode(texts[read[place]]!)); // chosen so
        var all = Math.Max(1, encoded.Sum(text => (long)text.Ids.Length));
        var (done, scored) = (0L, new ScoredText[texts.Count]);
        Parallel.ForEach(Partitioner.Create(LengthSortedBatches.Of(encoded), EnumerablePartitionerOptions.NoBuffering), parallel, batch =>
        {
            EncodedText[] inBatch = [.. batch.Select(place => encoded[place])];
            foreach (var (place, logits) in batch.Zip(_classifier.Run(inBatch, cancellationToken)))
            {
                scored[read[place]] = Array.TrueForAll(logits, float.IsFinite)
                    ? new ScoredText(VerdictOn(logits, encoded[place].Truncated), null)
                    : new ScoredText(null, "the model gave logits that are not finite");
            }

            progress((double)Interlocked.Add(ref done, inBatch.Sum(text => (long)text.Ids.Length)) / all);
        });
        return System.Threading.Tasks.Task.FromResult<IReadOnlyList<ScoredText>>(scored);
    }

    public void Dispose() => _classifier.Dispose();

    private Verdict VerdictOn(float[] logits, bool truncated)
    {
        var scores = _calibration.Scores(logits, Task.ProblemType);
        var decision = _calibration.Decide(scores, Task.ProblemType);
        return new Verdict(decision.Label, scores, Task.IsMultiLabel ? decision.Holding : [], truncated);
    }

    private static string SettingsOf(TextClassifier classifier, Calibration calibration)
    {
        var model = classifier.Model;
        var settings = string.Create(CultureInfo.InvariantCulture, $"{classifier.Tokenizer.ContentHash} {model.MaxTokens} {model.Truncation} "
            + $"{calibration.Temperature:R} {calibration.Threshold:R} {JsonSerializer.Serialize(calibration.Thresholds)} "
            + $"{JsonSerializer.Serialize(model.Task.Labels)}");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(settings)));
    }
}
