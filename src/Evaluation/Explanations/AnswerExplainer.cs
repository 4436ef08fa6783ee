using LoraOnnx.Inference.Explanations;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Evaluation.Explanations;

/// <summary>Explains answers by weights in this process; opened for the first text. Not for several threads at once: each run uses all.</summary>
internal sealed class AnswerExplainer(Func<TextExplainer> open, int maxTokens, Truncation truncation) : IDisposable
{
    private TextExplainer? _explainer;

    /// <summary>
    /// Doubles the steps until the gap is allowed, or the next round would bring the cost above <paramref name="mostTokens"/> tokens of forward
    /// passes; the first round is always made.
    /// </summary>
    /// <exception cref="InputException">The weights have no gradient.</exception>
    public ExplainedAnswer Explain(string text, int asked, string label, long mostTokens, CancellationToken cancellationToken)
    {
        _explainer ??= open();
        Explanation found = null!; // there is a first round
        var cost = 0L;
        foreach (var round in _explainer.Rounds(text, asked, maxTokens, truncation, cancellationToken))
        {
            found = round;
            cost += Cost(round, round.Steps);
            if (cost + Cost(round, round.Steps * 2) > mostTokens)
            {
                break;
            }
        }

        return new ExplainedAnswer
        {
            Label = label,
            Logit = found.Logit,
            BaselineLogit = found.BaselineLogit,
            Steps = found.Steps,
            Gap = found.Gap,
            Warning = found.Warning,
            Cost = cost,
            Words = [.. found.Words.Select(word => new ExplainedWord(text[word.Start..word.End], word.Start, word.End, word.Value))],
        };
    }

    public void Dispose() => _explainer?.Dispose();

    private static long Cost(Explanation found, int steps) => TextExplainer.CostInTokens(found.Text.Ids.Length, steps);
}
