using System.Numerics.Tensors;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Graph;

/// <summary>What folding did to one linear module: sizes of the change against the weight it was added to.</summary>
public readonly record struct FoldedModule(string Module, int Rank, double DeltaNorm, double WeightNorm, double LargestDelta);

/// <summary>Adds adapters into the weights: W + Σ weight·scale·B·A, summed in double and rounded once to fp32.</summary>
/// <remarks>
/// Adapters are taken in order, as peft merges them: DoRA rescales the rows of the sum so far. An adapter whose weight times scale is 0 is left
/// out, also one with DoRA, so that scale 0 gives the base.
/// </remarks>
public static class AdapterFold
{
    /// <summary>
    /// Folds <paramref name="adapters"/> (each times its weight times <paramref name="scale"/>) into a copy of the weights. Replaced tensors (a
    /// trained head, trained biases) are taken whole, whatever the scale.
    /// </summary>
    /// <exception cref="InputException">A folded weight is not finite, an adapter changes nothing, or two adapters replace one tensor
    /// differently.</exception>
    public static (ModelWeights Merged, IReadOnlyList<FoldedModule> Report) Fold(
        ModelWeights weights, IReadOnlyList<(LoraAdapter Adapter, double Weight)> adapters, double scale)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(adapters);
        var start = weights.With(Replacements(adapters));
        var groups = adapters.Where(entry => entry.Weight * scale != 0)
            .SelectMany(entry => entry.Adapter.Modules, (entry, module) => new ModuleUpdate(entry.Adapter, module, entry.Weight * scale))
            .GroupBy(update => update.Module.Module, StringComparer.Ordinal).ToArray();
        var folds = new ModuleFold[groups.Length];
        Parallel.For(0, groups.Length, i => folds[i] = new ModuleFold(start, groups[i].Key, [.. groups[i]]));
        CheckFinite(folds);
        CheckEachChangesSomething(folds);
        return (start.With(folds.SelectMany(fold => fold.Tensors)), Array.ConvertAll(folds, fold => fold.Report));
    }

    private static List<NamedTensor> Replacements(IReadOnlyList<(LoraAdapter Adapter, double Weight)> adapters)
    {
        var chosen = new Dictionary<string, NamedTensor>(StringComparer.Ordinal);
        foreach (var tensor in adapters.SelectMany(entry => entry.Adapter.Replacements))
        {
            if (chosen.TryGetValue(tensor.Name, out var other) && !other.Values.AsSpan().SequenceEqual(tensor.Values))
            {
                throw new InputException($"two adapters replace tensor '{tensor.Name}' by different values.",
                    "only one of the adapters may bring a head or biases of its own.");
            }

            chosen[tensor.Name] = tensor;
        }

        return [.. chosen.Values];
    }

    private static void CheckFinite(ModuleFold[] folds)
    {
        foreach (var fold in folds)
        {
            if (!fold.Tensors.All(tensor => TensorPrimitives.IsFiniteAll<float>(tensor.Values)))
            {
                throw new InputException($"module '{fold.Report.Module}': the merged weight is not finite.",
                    "--scale or an adapter's weight is too large: what was read of base and adapters is finite.");
            }
        }
    }

    private static void CheckEachChangesSomething(ModuleFold[] folds)
    {
        foreach (var changes in folds.SelectMany(fold => fold.LargestChanges).GroupBy(change => change.Adapter))
        {
            if (changes.All(change => change.Largest == 0))
            {
                throw new InputException($"{(changes.Key.Directory is { } directory ? $"{directory}: " : "")}the adapter changes nothing: "
                    + "scale·B·A is zero in every module.",
                    "it was saved before training, its weights were lost, or --scale or its weight is too small; leave it out to export the model "
                        + "without it.");
            }
        }
    }
}
