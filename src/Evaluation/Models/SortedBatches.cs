using System.Collections.Concurrent;
using LoraOnnx.Inference;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Evaluation.Models;

/// <summary>Scores a window's texts in batches of about one length, several at once.</summary>
internal static class SortedBatches
{
    /// <param name="encoded">The window's texts.</param>
    /// <param name="threads">Batches at once.</param>
    /// <param name="run">Logits of the texts of these places.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    public static TextScore[] Score(
        IReadOnlyList<EncodedText> encoded, int threads, Func<int[], float[][]> run, CancellationToken cancellationToken)
    {
        var scores = new TextScore[encoded.Count];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken };
        var batches = Partitioner.Create(LengthSortedBatches.Of(encoded), EnumerablePartitionerOptions.NoBuffering);
        Parallel.ForEach(batches, parallel, batch =>
        {
            var logits = run(batch);
            for (var row = 0; row < batch.Length; row++)
            {
                var text = encoded[batch[row]];
                scores[batch[row]] = new TextScore(logits[row], text.Ids.Length, text.Truncated);
            }
        });
        return scores;
    }
}
