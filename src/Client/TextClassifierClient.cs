using Grpc.Core;
using LoraOnnx.V1;

namespace LoraOnnx.Client;

/// <summary>A model of a lora-serve as an <see cref="ITextClassifier"/>: what a program asked in its own process it asks a server by one line more.
/// Thread-safe.</summary>
/// <param name="client">Its connection; the caller disposes it.</param>
/// <param name="options">Which model, and how texts are cut.</param>
public sealed class TextClassifierClient(SentimentClient client, PredictOptions options) : ITextClassifier
{
    /// <summary>Texts of one call to the server.</summary>
    private const int TextsPerCall = 128;

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
            foreach (var part in texts.Chunk(TextsPerCall))
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
