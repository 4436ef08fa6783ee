using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Inference;

/// <summary>Groups texts of similar length, longest first, so that cores finish together and a padded model computes little padding.</summary>
public static class LengthSortedBatches
{
    /// <summary>Large enough to keep matrix multiplications efficient, small enough that a window gives every core several batches.</summary>
    private const int TokensPerBatch = 2048;

    /// <summary>Indices of the texts of each batch.</summary>
    public static IReadOnlyList<int[]> Of(IReadOnlyList<EncodedText> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        var batches = new List<int[]>();
        var batch = new List<int>();
        var tokens = 0;
        foreach (var text in Enumerable.Range(0, texts.Count).OrderByDescending(text => texts[text].Ids.Length))
        {
            if (batch.Count > 0 && tokens + texts[text].Ids.Length > TokensPerBatch)
            {
                batches.Add([.. batch]);
                batch.Clear();
                tokens = 0;
            }

            batch.Add(text);
            tokens += texts[text].Ids.Length;
        }

        if (batch.Count > 0)
        {
            batches.Add([.. batch]);
        }

        return batches;
    }
}
