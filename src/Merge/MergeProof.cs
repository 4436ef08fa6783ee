using System.Numerics.Tensors;
using LoraOnnx.CommandLine;
using LoraOnnx.Inference;
using LoraOnnx.Model.Reference;
using LoraOnnx.Model.Runs;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Texts;

namespace LoraOnnx.Merge;

/// <summary>What a proof found: the largest difference of a logit, and the largest that was allowed.</summary>
internal readonly record struct ProofResult(int Texts, double LargestDifference, double Tolerance);

/// <summary>
/// Shows that a written file gives the logits of the unmerged adapter: on the built-in texts of 2 tokens to the limit, and on more if asked, alone
/// and in padded batches, through ONNX Runtime as any other program would run the file. What may differ is what fp32 rounds at these weights
/// (<see cref="RoundingTolerance"/>); labels must agree wherever the margin is larger than that.
/// </summary>
internal static class MergeProof
{
    /// <summary>Texts of a padded batch; their lengths differ, so most rows have padding.</summary>
    private const int BatchSize = 8;

    /// <exception cref="InputException">The file does not give the same logits, or rounding alone changes them so much that nothing can be
    /// shown.</exception>
    public static ProofResult Check(PortableModel model, MergeInput input, MergeOptions options, CancellationToken cancellationToken)
    {
        var tokenizer = TextTokenizer.Load(input.BaseDirectory, input.Weights.Config.Shape.Vocabulary);
        var texts = ReferenceTexts.All.Concat(options.VerifyData is { } data
            ? LabelledTexts.Read(data, options.Texts, input.Weights.Config.Task, TextNotices.OnStandardError, DownloadProgress.OnStandardError,
                cancellationToken).Select(text => text.Text)
            : []);
        EncodedText[] encoded = [.. texts.Select(text => tokenizer.Encode(text, input.MaxTokens, input.Truncation))];
        var reference = new ReferenceModel(input.Weights, [.. input.Adapters.Select(entry => (entry.Adapter, entry.Weight * options.Scale))]);
        var tolerance = new RoundingTolerance(input, options.Scale, reference, encoded, cancellationToken);
        var trained = options.Scale == 1 ? input.Run?.ReadReferenceLogits() : null;
        var (largest, allowed) = (0.0, 0.0);
        foreach (var batch in Enumerable.Range(0, encoded.Length).Chunk(BatchSize))
        {
            var batched = model.Run([.. batch.Select(text => encoded[text].Ids)], cancellationToken);
            foreach (var (row, text) in batch.Index())
            {
                cancellationToken.ThrowIfCancellationRequested();
                var alone = model.Run([encoded[text].Ids], cancellationToken)[0];
                var isTrained = text < (trained?.Count ?? 0);
                var expected = isTrained ? trained![text] : reference.Logits(encoded[text].Ids); // where it is trained, there are such logits
                if (!(Distance(expected, alone) <= tolerance.Of(expected) && Distance(expected, batched[row]) <= tolerance.Of(expected)))
                {
                    var exact = tolerance.Measure(encoded[text]); // fp32 may have rounded what is expected: double decides
                    if (isTrained && Distance(exact, alone) <= tolerance.Of(exact) && !(Distance(exact, expected) <= tolerance.Of(exact)))
                    {
                        throw OtherWeights(input.Run!.Path, text, Distance(expected, alone)); // trained logits are a run's
                    }

                    expected = exact;
                }

                var limit = tolerance.Of(expected);
                largest = Math.Max(
                    largest, Math.Max(Difference(expected, alone, text, encoded[text], limit),
                        Difference(expected, batched[row], text, encoded[text], limit)));
                allowed = Math.Max(allowed, limit);
            }
        }

        return new ProofResult(encoded.Length, largest, allowed);
    }

    private static InputException OtherWeights(string run, int text, double difference) =>
        InputException.InFile(Path.Combine(run, ReferenceLogits.FileName),
        $"the written file is not equal to the adapter form that the run saw: text {text} differs by {difference:G3}, though the file is equal to "
            + "base, adapter and head as they are now. No file was left.",
        "the run's reference logits belong to other weights: its adapter, head or base was changed after training.");

    internal static double Difference(float[] expected, float[] found, int index, EncodedText text, double allowed)
    {
        var difference = Distance(expected, found);
        if (!(difference <= allowed))
        {
            throw new InputException($"the written file is not equal to the adapter form: text {index} ({text.Ids.Length} tokens) differs by "
                + $"{difference:G3}, allowed {allowed:G3}. No file was left.",
                "--no-verify writes it all the same, and the file says that nothing was shown; "
                + "a report with base and adapter helps to find out why.");
        }

        var order = expected.OrderDescending().ToArray();
        if (order.Length > 1 && order[0] - order[1] > 2 * allowed && Array.IndexOf(expected, order[0]) != Array.IndexOf(found, found.Max()))
        {
            throw new InputException($"the written file gives text {index} another label than the adapter form. No file was left.");
        }

        return difference;
    }

    /// <summary>The largest difference of two logits; NaN wins, where LINQ's Max would pass over it.</summary>
    private static double Distance(float[] expected, float[] found) =>
        expected.Length != found.Length
            ? double.NaN
            : Math.Abs(TensorPrimitives.MaxMagnitude<double>([.. expected.Zip(found, (a, b) => (double)a - b)]));
}
