using Grpc.Core;
using LoraOnnx.V1;

namespace LoraOnnx.Client;

/// <summary>A model of a lora-serve as an <see cref="ITextClassifier"/>: what a program asked in its own process it asks a server by one line more.
/// Thread-safe.</summary>
/// <param name="client">Its connection; the caller disposes it.</param>
/// <param name="options">Which model, and how texts are cut.</param>
public sealed class TextClassifierClient(SentimentClient client, PredictOptions options) : ITextClassifier
{
    /// <summary>Most texts of one call to the server.</summary>
    private const int TextsPerCall = 128;

    /// <summary>Most UTF-16 units of one call of several texts: at most 3 MiB on the wire, of the 16 that a server takes.</summary>
    private const int UnitsPerCall = 1 << 20;

    /// <inheritdoc/>
    public async ValueTask<TextClassification> ClassifyAsync(string text, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        try
        {
            return Answer(await client.PredictAsync(text, options, cancellationToken).ConfigureAwait(false));
        }
        catch (RpcException failure)
        {
            throw Failure(failure, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<TextClassification>> ClassifyAsync(
        IReadOnlyList<string> texts, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        var answers = new List<TextClassification>(texts.Count);
        try
        {
            foreach (var part in Calls(texts))
            {
                var results = await client.PredictBatchAsync(part, options, cancellationToken).ConfigureAwait(false);
                answers.AddRange(results.Select(result => result.Error is { } error
                    ? throw new TextClassificationException($"the server could not answer a text: {error.Message}")
                    : Answer(result.Prediction)));
            }
        }
        catch (RpcException failure)
        {
            throw Failure(failure, cancellationToken);
        }

        return answers;
    }

    /// <summary>The texts in parts that a server takes in one message.</summary>
    private static IEnumerable<IReadOnlyList<string>> Calls(IReadOnlyList<string> texts)
    {
        var (part, units) = (new List<string>(), 0L);
        foreach (var text in texts)
        {
            ArgumentNullException.ThrowIfNull(text, nameof(texts));
            if (part.Count == TextsPerCall || (part.Count > 0 && units + text.Length > UnitsPerCall))
            {
                yield return part;
                (part, units) = ([], 0);
            }

            part.Add(text);
            units += text.Length;
        }

        if (part.Count > 0)
        {
            yield return part;
        }
    }

    private Exception Failure(RpcException failure, CancellationToken cancellationToken) => cancellationToken.IsCancellationRequested
        ? new OperationCanceledException(failure.Status.Detail, failure, cancellationToken)
        : new TextClassificationException($"{client.Address}: {failure.Status.Detail}", failure);

    private static TextClassification Answer(PredictResponse response) => new()
    {
        Label = response.Label,
        Score = response.Score,
        Scores = [.. response.Scores.Select(score => new LabelScore(score.Label, score.Score))],
        Labels = [.. response.Labels],
        Tokens = (int)response.Tokens,
        IsTruncated = response.Truncated,
    };
}
