using LoraOnnx.Kernels.Adapters;

namespace LoraOnnx.Inference.Variants;

/// <summary>What the variants of a run change in the rows of its modules: <see cref="RowChange"/>s for kernels.</summary>
internal sealed unsafe class PlannedChanges(VariantPlans plans)
{
    /// <summary>
    /// The change of modules whose outputs lie side by side in one row, each from its own column on; null where the run changes none of them.
    /// </summary>
    /// <param name="plan">The run's number.</param>
    /// <param name="rows">Rows of the run: of all tokens, or of all texts.</param>
    /// <param name="modules">Names, and the column where each begins.</param>
    public RowChange? Of(int plan, long rows, params IReadOnlyList<(string Name, int Column)> modules)
    {
        if (plans.Find(plan)?.Changed(rows) is not { } segments
            || !segments.Any(segment => modules.Any(module => segment.Variant.Changes.ContainsKey(module.Name))))
        {
            return null;
        }

        return (first, count, x, xStride, y, yStride) =>
        {
            foreach (var segment in segments)
            {
                var (start, end) = (Math.Max(first, segment.First), Math.Min(first + count, segment.First + segment.Count));
                for (var module = 0; module < modules.Count && start < end; module++)
                {
                    if (segment.Variant.Changes.TryGetValue(modules[module].Name, out var change))
                    {
                        nint place = start - first;
                        change.Add(x + (place * xStride), xStride, y + (place * yStride) + modules[module].Column, yStride, end - start);
                    }
                }
            }
        };
    }
}
