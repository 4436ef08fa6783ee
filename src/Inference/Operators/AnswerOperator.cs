using LoraOnnx.Inference.Variants;

namespace LoraOnnx.Inference.Operators;

/// <summary>The logits of all heads of a run's plan, end to end: inputs are the first tokens' states [texts, width] and the plan's number.</summary>
internal sealed unsafe class AnswerOperator(string name, VariantPlans plans) : IOperator
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public IReadOnlyList<OperatorInput> Inputs { get; } = [OperatorInput.Float, OperatorInput.Int32];

    /// <inheritdoc/>
    public void Compute(OperatorCall call)
    {
        var (states, shape) = call.Input(0);
        var plan = plans.Find(*(int*)call.Input(1).Numbers);
        var logits = call.Output(plan?.AnswerLength ?? 0);
        if (plan is null)
        {
            return;
        }

        var (begin, width) = ((nint)logits, (nint)shape[1] * sizeof(float));
        call.Workers.Run(plan.Heads.Count, item =>
        {
            var (head, texts, places) = plan.Heads[item];
            Span<nint> from = stackalloc nint[texts.Length], to = stackalloc nint[texts.Length];
            for (var i = 0; i < texts.Length; i++)
            {
                (from[i], to[i]) = (states + (texts[i] * width), begin + ((nint)places[i] * sizeof(float)));
            }

            head.Run(from, to);
        });
    }
}
