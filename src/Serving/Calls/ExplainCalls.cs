using LoraOnnx.Inference.Explanations;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Serving.Models;

namespace LoraOnnx.Serving.Calls;

/// <summary>A token and what it adds to the logit.</summary>
internal readonly record struct ShownAttribution(ShownToken Token, double Value);

/// <summary>A word as it stands in the text, and what it adds to the logit.</summary>
internal readonly record struct ShownWord(string Text, int Start, int End, double Value);

/// <summary>An answer and what each part of the text adds to the logit of a class.</summary>
internal sealed record ExplainedText(
    Prediction Prediction, string Label, Explanation Explanation, IReadOnlyList<ShownAttribution> Tokens, IReadOnlyList<ShownWord> Words);

/// <summary>Explains answers. Knows no protocol.</summary>
internal sealed class ExplainCalls(PredictCalls predict, ModelCatalog catalog, TimeProvider time, ILogger<ExplainCalls> logger)
{
    /// <summary>Classifies a text and explains the logit of a class.</summary>
    /// <param name="call">What is asked for.</param>
    /// <param name="input">The text.</param>
    /// <param name="label">The class; empty: the one decided for.</param>
    /// <param name="unit">What offsets count.</param>
    /// <param name="cancellationToken">The caller is gone.</param>
    /// <exception cref="OperationCanceledException">The caller is gone.</exception>
    public async ValueTask<CallResult<ExplainedText>> ExplainAsync(
        PredictCall call, CallInput input, string label, TokenUnit unit, CancellationToken cancellationToken)
    {
        var (prediction, error) = await predict.PredictAsync(call, input, cancellationToken);
        if (prediction is null)
        {
            return error!; // one of the two is set
        }

        using var allowed = new CallTime(call.ExpiresAt, time, cancellationToken);
        try
        {
            var (lease, gone) = await catalog.AcquireAsync(prediction.Model, prediction.Version, allowed.Token);
            if (lease is null)
            {
                return gone!; // one of the two is set
            }

            using (lease)
            {
                return await ExplainAsync(call, input, prediction, label.Length == 0 ? prediction.Label : label, unit, lease.Model, allowed.Token);
            }
        }
        catch (OperationCanceledException) when (allowed.IsOver)
        {
            return CallError.DeadlinePassed;
        }
    }

    private async ValueTask<CallResult<ExplainedText>> ExplainAsync(
        PredictCall call, CallInput input, Prediction prediction, string label, TokenUnit unit, ServedModel model,
        CancellationToken cancellationToken)
    {
        var asked = prediction.Classes.ToList().IndexOf(label);
        if (asked < 0)
        {
            return CallError.Invalid("label", $"'{CallError.Shown(label)}' is not a class of {model.Name}: {string.Join(", ", prediction.Classes)}.");
        }

        if (!model.Explanations.IsPossible)
        {
            return NotPossible(model);
        }

        try
        {
            var text = input.Text!; // it was classified
            var (explanation, refusal) = await model.Explanations.ExplainAsync(text, asked, prediction.Classification.Tokens,
                call.Truncation ?? model.Description.Truncation, call.ExpiresAt, cancellationToken);
            return explanation is null ? CallError.From(refusal!, input.Field) // one of the two is set
                : Shown(model, text, prediction, label, explanation, unit);
        }
        catch (InputException failure)
        {
            ServingLog.Engine(logger, failure.Message);
            return NotPossible(model);
        }
    }

    private static ExplainedText Shown(
        ServedModel model, string text, Prediction prediction, string label, Explanation explanation, TokenUnit unit)
    {
        var tokens = TokenizeCalls.Shown(model, text, [.. explanation.Tokens.Select(token => token.Token)], unit);
        var places = TokenizeCalls.Places(text, [.. explanation.Words.Select(word => new Token(0, word.Start, word.End))], unit);
        return new ExplainedText(prediction, label, explanation,
            [.. tokens.Zip(explanation.Tokens, (token, each) => new ShownAttribution(token, each.Value))],
            [.. places.Zip(explanation.Words, (place, word) => new ShownWord(text[word.Start..word.End], place.Start, place.End, word.Value))]);
    }

    private static CallError NotPossible(ServedModel model) => new(ErrorKind.FailedPrecondition,
        $"answers of {model.Name} cannot be explained: it is an adapter on a base, an 8-bit file without the fp32 one beside it, or not a graph that "
            + "lora-merge wrote.", "model");
}
