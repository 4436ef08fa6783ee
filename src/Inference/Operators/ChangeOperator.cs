using LoraOnnx.Inference.Variants;

namespace LoraOnnx.Inference.Operators;

/// <summary>
/// Rows that a linear or a norm gave, changed in place where a text's adapter changes them: inputs are the rows, for a linear what it took, and the
/// number of the run's plan.
/// </summary>
internal sealed unsafe class ChangeOperator(string name, string module, bool isLinear, VariantPlans plans) : IOperator
{
    /// <summary>Rows of one item of work.</summary>
    private const int RowsAtOnce = 32;

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public IReadOnlyList<OperatorInput> Inputs { get; } =
        isLinear ? [OperatorInput.Float, OperatorInput.Float, OperatorInput.Int32] : [OperatorInput.Float, OperatorInput.Int32];

    /// <inheritdoc/>
    public bool IsInPlace => true;

    /// <inheritdoc/>
    public void Compute(OperatorCall call)
    {
        var (y, rows, columns) = call.Input(0);
        if (call.Output(rows, columns) != (float*)y)
        {
            throw new InvalidOperationException("the runtime gave an output of its own to an operator that works in place.");
        }

        if (plans.Find(*(int*)call.Input(Inputs.Count - 1).Numbers) is not { } plan)
        {
            return;
        }

        var work = new List<VariantSegment>();
        foreach (var segment in plan.Changed(rows))
        {
            for (var first = 0; first < segment.Count && segment.Variant.Changes.ContainsKey(module); first += RowsAtOnce)
            {
                work.Add(segment with { First = segment.First + first, Count = Math.Min(RowsAtOnce, segment.Count - first) });
            }
        }

        if (work.Count == 0)
        {
            return;
        }

        var (x, _, taken) = isLinear ? call.Input(1) : new OperatorTensor(y, rows, columns);
        var width = (nint)columns;
        call.Workers.Run(work.Count, item =>
        {
            var (first, count, variant) = work[item];
            variant.Changes[module].Add((float*)x + (first * (nint)taken), (nint)taken, (float*)y + (first * width), width, count);
        });
    }
}
