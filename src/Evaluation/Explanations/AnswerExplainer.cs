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
        var steps = TextExplainer.FewestSteps;
        var found = _explainer.Explain(text, asked, maxTokens, truncation, steps, cancellationToken);
        var cost = Cost(found, steps);
        while (found.Warning is not null && steps < TextExplainer.MostSteps && cost + Cost(found, steps * 2) <= mostTokens)
        {
            steps *= 2;
            found = _explainer.Explain(text, asked, maxTokens, truncation, steps, cancellationToken);
            cost += Cost(found, steps);
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
