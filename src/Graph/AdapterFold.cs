using System.Numerics.Tensors;
using LoraOnnx.Model;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Graph;

/// <summary>What folding did to one linear module: sizes of the change against the weight it was added to.</summary>
public readonly record struct FoldedModule(string Module, int Rank, double DeltaNorm, double WeightNorm, double LargestDelta);

/// <summary>Adds adapters into the weights: W + Σ weight·scale·B·A, summed in double and rounded once to fp32.</summary>
public static class AdapterFold
{
    /// <summary>
    /// Folds <paramref name="adapters"/> (each times its weight times <paramref name="scale"/>) into a copy of the weights. Replaced tensors (a
    /// trained head, trained biases) are taken whole, whatever the scale.
    /// </summary>
    /// <exception cref="InputException">A folded weight is not finite, an adapter changes nothing, or two adapters replace one tensor differently.</exception>
    public static (ModelWeights Merged, IReadOnlyList<FoldedModule> Report) Fold(
        ModelWeights weights, IReadOnlyList<(LoraAdapter Adapter, double Weight)> adapters, double scale)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(adapters);
        var start = weights.With(Replacements(adapters));
        var groups = adapters.SelectMany(entry => entry.Adapter.Modules, (entry, module) => (Module: module, Weight: entry.Weight * scale))
            .GroupBy(entry => entry.Module.Module, StringComparer.Ordinal).ToArray();
        var changed = new (NamedTensor Weight, NamedTensor? Bias, FoldedModule Report)[groups.Length];
        Parallel.For(0, groups.Length, i => changed[i] = FoldModule(start, groups[i].Key, [.. groups[i]]));

        var report = Array.ConvertAll(changed, entry => entry.Report);
        CheckFinite(changed);
        if (report.Length > 0 && Array.TrueForAll(report, module => module.DeltaNorm == 0) && scale != 0)
        {
            throw new InputException("the adapter changes nothing: scale·B·A is zero in every module.", "it was saved before training, or its weights were lost.");
        }

        var merged = start.With(changed.SelectMany(entry => entry.Bias is { } bias ? new[] { entry.Weight, bias } : [entry.Weight]));
        return (merged, report);
    }

    private static List<NamedTensor> Replacements(IReadOnlyList<(LoraAdapter Adapter, double Weight)> adapters)
    {
        var chosen = new Dictionary<string, NamedTensor>(StringComparer.Ordinal);
        foreach (var tensor in adapters.SelectMany(entry => entry.Adapter.Replacements))
        {
            if (chosen.TryGetValue(tensor.Name, out var other) && !other.Values.AsSpan().SequenceEqual(tensor.Values))
            {
                throw new InputException($"two adapters replace tensor '{tensor.Name}' by different values.", "only one of the adapters may bring a head or biases of its own.");
            }

            chosen[tensor.Name] = tensor;
        }

        return [.. chosen.Values];
    }

    private static (NamedTensor Weight, NamedTensor? Bias, FoldedModule Report) FoldModule(
        ModelWeights weights, string name, (LoraModule Module, double Weight)[] updates)
    {
        var original = weights[$"{name}.weight"];
        var (rows, columns) = (original.Shape[0], original.Shape[1]);
        if (updates.Length > 1 && updates.Any(update => update.Module.Magnitude is not null))
        {
            throw new InputException($"module '{name}': a DoRA adapter cannot be added to another adapter.", "merge the DoRA adapter alone.");
        }

        var values = new float[original.Values.Length];
        var row = new double[columns];
        double deltaSquares = 0, weightSquares = 0, largest = 0;
        for (var r = 0; r < rows; r++)
        {
            var old = original.Values.AsSpan(r * columns, columns);
            TensorPrimitives.ConvertTruncating<float, double>(old, row);
            foreach (var (module, weight) in updates)
            {
                AddRow(module, weight, r, row);
            }

            for (var c = 0; c < columns; c++)
            {
                var delta = row[c] - old[c];
                deltaSquares += delta * delta;
                weightSquares += (double)old[c] * old[c];
                largest = Math.Max(largest, Math.Abs(delta));
                values[(r * columns) + c] = (float)row[c];
            }
        }

        var ranks = updates.Sum(update => update.Module.Rank);
        return (new NamedTensor(original.Name, original.Shape, values), FoldBias(weights, name, updates),
            new FoldedModule(name, ranks, Math.Sqrt(deltaSquares), Math.Sqrt(weightSquares), largest));
    }

    /// <summary>row ← row + weight·scale·(B·A)[r]; with DoRA the sum is rescaled to the row's magnitude, and a weight other than 1 takes that share of the change.</summary>
    private static void AddRow(LoraModule module, double weight, int r, double[] row)
    {
        var columns = row.Length;
        var before = module.Magnitude is null ? null : (double[])row.Clone();
        var factor = module.Scale * (before is null ? weight : 1);
        for (var k = 0; k < module.Rank; k++)
        {
            var b = factor * module.B.Values[(r * module.Rank) + k];
            var a = module.A.Values.AsSpan(k * columns, columns);
            for (var c = 0; c < columns; c++)
            {
                row[c] += b * a[c];
            }
        }

        if (before is not null)
        {
            var rescale = module.Magnitude!.Values[r] / TensorPrimitives.Norm<double>(row);
            for (var c = 0; c < columns; c++)
            {
                row[c] = before[c] + (weight * ((row[c] * rescale) - before[c]));
            }
        }
    }

    private static NamedTensor? FoldBias(ModelWeights weights, string name, (LoraModule Module, double Weight)[] updates)
    {
        if (Array.TrueForAll(updates, update => update.Module.BBias is null))
        {
            return null;
        }

        var original = weights[$"{name}.bias"];
        var sum = Array.ConvertAll(original.Values, value => (double)value);
        foreach (var (module, weight) in updates.Where(update => update.Module.BBias is not null))
        {
            for (var i = 0; i < sum.Length; i++)
            {
                sum[i] += weight * module.Scale * module.BBias!.Values[i];
            }
        }

        return new NamedTensor(original.Name, original.Shape, Array.ConvertAll(sum, value => (float)value));
    }

    private static void CheckFinite((NamedTensor Weight, NamedTensor? Bias, FoldedModule Report)[] changed)
    {
        foreach (var (weight, bias, report) in changed)
        {
            if (!TensorPrimitives.IsFiniteAll<float>(weight.Values) || (bias is not null && !TensorPrimitives.IsFiniteAll<float>(bias.Values)))
            {
                throw new InputException($"module '{report.Module}': the merged weight is not finite.", "the adapter holds NaN or infinite values; it is broken.");
            }
        }
    }
}
