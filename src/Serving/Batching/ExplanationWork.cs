using LoraOnnx.Inference.Explanations;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Serving.Admission;
using LoraOnnx.Serving.Models;

namespace LoraOnnx.Serving.Batching;

/// <summary>
/// Explains a model's answers, one round of steps after another. Each round is let in by what it truly costs, counts as waiting while it lasts, and
/// takes an engine slot, as a batch does. Opened at the first text: the gradient needs weights of its own. Thread-safe.
/// </summary>
internal sealed class ExplanationWork(LoadedEngine engine, ModelRuntime runtime, ModelWork work) : IDisposable
{
    private readonly Lock _opening = new();
    private TextExplainer? _explainer;

    /// <summary>Whether the engine can explain anything.</summary>
    public bool IsPossible => engine.OpenExplainer is not null;

    /// <summary>An explanation, or why there is none. When a further round is refused, the rougher one is the answer, with its warning.</summary>
    /// <exception cref="InputException">The model has no gradient.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public async Task<(Explanation? Explanation, Refusal? Refusal)> ExplainAsync(
        string text, int asked, int tokens, Truncation truncation, long expiresAt, CancellationToken cancellationToken)
    {
        Explanation? explanation = null;
        for (var steps = TextExplainer.FewestSteps; steps <= TextExplainer.MostSteps; steps *= 2)
        {
            var (entry, refusal) = work.EnterBulk(TextExplainer.CostInTokens(tokens, steps), 1, expiresAt);
            if (entry is null)
            {
                return (explanation, refusal);
            }

            using (entry)
            {
                explanation = await RunAsync(text, asked, truncation, steps, cancellationToken);
            }

            if (explanation.Warning is null)
            {
                break;
            }
        }

        return (explanation, null);
    }

    public void Dispose() => _explainer?.Dispose();

    private async Task<Explanation> RunAsync(string text, int asked, Truncation truncation, int steps, CancellationToken cancellationToken)
    {
        await runtime.EngineSlots.WaitAsync(cancellationToken);
        try
        {
            return await Task.Run(
                () => Opened().Explain(text, asked, engine.Model.MaxTokens, truncation, steps, cancellationToken), cancellationToken);
        }
        finally
        {
            runtime.EngineSlots.Release();
        }
    }

    private TextExplainer Opened()
    {
        lock (_opening)
        {
            return _explainer ??= engine.OpenExplainer!(); // asked for where it is possible
        }
    }
}
