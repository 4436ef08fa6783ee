using System.Numerics.Tensors;
using LoraOnnx.CommandLine;
using LoraOnnx.Inference;
using LoraOnnx.Model.Reference;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Texts;

namespace LoraOnnx.Merge;

/// <summary>What a proof found.</summary>
internal readonly record struct ProofResult(int Texts, double LargestDifference);

/// <summary>
/// Shows that a written file gives the logits of the unmerged adapter: on the built-in texts of 2 tokens to the limit, and on more if asked, alone
/// and in padded batches, through ONNX Runtime as any other program would run the file. A difference may be 1e-5 + 1e-5·max|logit|; labels must agree wherever the margin is larger than that.
/// </summary>
internal static class MergeProof
{
    private const double Tolerance = 1e-5;

    /// <summary>Texts of a padded batch; their lengths differ, so most rows have padding.</summary>
    private const int BatchSize = 8;

    /// <exception cref="InputException">The file does not give the same logits.</exception>
    public static ProofResult Check(string file, MergeInput input, MergeOptions options, CancellationToken cancellationToken)
    {
        var tokenizer = TextTokenizer.Load(input.BaseDirectory, input.Weights.Config.Shape.Vocabulary);
        var texts = ReferenceTexts.All.Concat(options.VerifyData is { } data ? LabelledTexts.Read(data, input.Weights.Config.Task, DownloadProgress.OnStandardError, cancellationToken).Select(text => text.Text) : []);
        EncodedText[] encoded = [.. texts.Select(text => tokenizer.Encode(text, input.MaxTokens, input.Truncation))];
        var expected = Expected(encoded, input, options, cancellationToken);
        var largest = 0.0;
        using var model = PortableModel.Open(file, new InferenceOptions { Device = "cpu" });
        foreach (var batch in Enumerable.Range(0, encoded.Length).Chunk(BatchSize))
        {
            var batched = model.Run([.. batch.Select(text => encoded[text].Ids)], cancellationToken);
            foreach (var (row, text) in batch.Index())
            {
                var alone = model.Run([encoded[text].Ids], cancellationToken)[0];
                largest = Math.Max(largest, Math.Max(Difference(expected[text], alone, text, encoded[text]), Difference(expected[text], batched[row], text, encoded[text])));
            }
        }

        return new ProofResult(encoded.Length, largest);
    }

    /// <summary>The run's own logits where they are for these very weights, a plain forward pass otherwise.</summary>
    private static List<float[]> Expected(EncodedText[] encoded, MergeInput input, MergeOptions options, CancellationToken cancellationToken)
    {
        var expected = options.Scale == 1 && input.Run?.ReadReferenceLogits() is { } trained ? trained.ToList() : [];
        var model = new ReferenceModel(input.Weights, [.. input.Adapters.Select(entry => (entry.Adapter, entry.Weight * options.Scale))]);
        foreach (var text in encoded.Skip(expected.Count))
        {
            cancellationToken.ThrowIfCancellationRequested();
            expected.Add(model.Logits(text.Ids));
        }

        return expected;
    }

    internal static double Difference(float[] expected, float[] found, int index, EncodedText text)
    {
        var allowed = Tolerance + (Tolerance * Math.Abs(TensorPrimitives.MaxMagnitude<float>(expected)));
        var difference = Math.Abs(TensorPrimitives.MaxMagnitude<double>([.. expected.Zip(found, (a, b) => (double)a - b)])); // NaN wins, where LINQ's Max would pass over it
        if (!(difference <= allowed))
        {
            throw new InputException($"the written file is not equal to the adapter form: text {index} ({text.Ids.Length} tokens) differs by {difference:G3}, allowed {allowed:G3}. No file was left.",
                "this is a bug in the export, or the run's reference logits belong to other weights.");
        }

        var order = expected.OrderDescending().ToArray();
        if (order.Length > 1 && order[0] - order[1] > 2 * allowed && Array.IndexOf(expected, order[0]) != Array.IndexOf(found, found.Max()))
        {
            throw new InputException($"the written file gives text {index} another label than the adapter form. No file was left.");
        }

        return difference;
    }
}
