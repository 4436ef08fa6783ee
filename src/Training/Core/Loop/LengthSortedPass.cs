using LoraOnnx.Model.Tokenization;
using LoraOnnx.Training.Data;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Steps;

namespace LoraOnnx.Training.Loop;

/// <summary>One pass over many texts, in batches of like length.</summary>
internal static class LengthSortedPass
{
    /// <summary>What <paramref name="run"/> gives for each text, in the order of the set.</summary>
    public static float[][] Run(TextSet texts, Func<PackedBatch, float[][]> run, CancellationToken cancellationToken,
        Action<long>? tokensDone = null) =>
        Run(texts.Encoded, run, cancellationToken, tokensDone);

    /// <summary>What <paramref name="run"/> gives for each text, in order.</summary>
    public static float[][] Run(IReadOnlyList<EncodedText> texts, Func<PackedBatch, float[][]> run, CancellationToken cancellationToken,
        Action<long>? tokensDone = null)
    {
        var rows = new float[texts.Count][];
        var done = 0L;
        foreach (var batch in StepPlan.ByLength([.. texts.Select(text => text.Ids.Length)]))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var packed = new PackedBatch([.. batch.Select(text => texts[text])]);
            var results = run(packed);
            for (var row = 0; row < batch.Length; row++)
            {
                rows[batch[row]] = results[row];
            }

            tokensDone?.Invoke(done += packed.TokenCount);
        }

        return rows;
    }
}
