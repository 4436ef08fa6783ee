using LoraOnnx.Model.Tokenization;
using LoraOnnx.Texts;
using Microsoft.ML.OnnxRuntime;

namespace LoraOnnx.OnDevice;

/// <summary>Texts as the training graph takes them.</summary>
internal static class Batches
{
    private const int TextsPerBatch = 16;

    /// <summary>Encodes all texts, in batches of the file's order.</summary>
    public static IReadOnlyList<Batch> Of(IReadOnlyList<LabelledText> texts, TextTokenizer tokenizer, int maxTokens) =>
        [.. texts.Chunk(TextsPerBatch).Select(chunk => new Batch(
            [.. chunk.Select(text => tokenizer.Encode(text.Text, maxTokens, Truncation.Head).Ids)],
            [.. chunk.Select(text => (long)text.Labels[0])]))];
}

/// <summary>Some texts: ids of each, and its class.</summary>
internal sealed record Batch(int[][] Ids, long[] Labels)
{
    /// <summary><c>input_ids</c>, <c>attention_mask</c> [batch, sequence] and <c>labels</c> [batch]; the caller disposes them.</summary>
    public OrtValue[] Values()
    {
        var longest = Ids.Max(ids => ids.Length);
        var (tokens, mask) = (new long[Ids.Length * longest], new long[Ids.Length * longest]);
        for (var row = 0; row < Ids.Length; row++)
        {
            for (var column = 0; column < Ids[row].Length; column++)
            {
                tokens[(row * longest) + column] = Ids[row][column];
                mask[(row * longest) + column] = 1;
            }
        }

        long[] shape = [Ids.Length, longest];
        return
        [
            OrtValue.CreateTensorValueFromMemory(tokens, shape), OrtValue.CreateTensorValueFromMemory(mask, shape),
            OrtValue.CreateTensorValueFromMemory(Labels, [Ids.Length]),
        ];
    }
}
