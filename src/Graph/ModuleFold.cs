using System.Numerics.Tensors;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Graph;

/// <summary>What one adapter does to one linear module: <paramref name="Factor"/> multiplies the scale that the adapter has of its own.</summary>
internal readonly record struct ModuleUpdate(LoraAdapter Adapter, LoraModule Module, double Factor);

/// <summary>One linear module with its updates folded in, in their order.</summary>
internal sealed class ModuleFold
{
    private readonly ModuleUpdate[] _updates;
    private readonly double[] _largest; // change by each update

    public ModuleFold(ModelWeights weights, string name, ModuleUpdate[] updates)
    {
        _updates = updates;
        _largest = new double[updates.Length];
        var (weight, report) = FoldWeight(name, weights[$"{name}.weight"]);
        Report = report;
        Tensors = FoldBias(weights, name) is { } bias ? [weight, bias] : [weight];
    }

    /// <summary>The folded weight, and the bias where an update has one.</summary>
    public NamedTensor[] Tensors { get; }

    public FoldedModule Report { get; }

    /// <summary>For each update the largest change by it alone, of a number or of the length of a row; 0 where it does nothing.</summary>
    public IEnumerable<(LoraAdapter Adapter, double Largest)> LargestChanges =>
        _updates.Zip(_largest, (update, largest) => (update.Adapter, largest));

    private (NamedTensor Weight, FoldedModule Report) FoldWeight(string name, NamedTensor original)
    {
        var (rows, columns) = (original.Shape[0], original.Shape[1]);
        var values = new float[original.Values.Length];
        var row = new double[columns];
        double deltaSquares = 0, weightSquares = 0, largest = 0;
        for (var r = 0; r < rows; r++)
        {
            var old = original.Values.AsSpan(r * columns, columns);
            TensorPrimitives.ConvertTruncating<float, double>(old, row);
            for (var i = 0; i < _updates.Length; i++)
            {
                var (_, module, factor) = _updates[i];
                _largest[i] = Math.Max(_largest[i], module.Kind.Delta(module, factor, r, row));
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

        return (new NamedTensor(original.Name, original.Shape, values),
            new FoldedModule(name, _updates.Sum(update => update.Module.Rank), Math.Sqrt(deltaSquares), Math.Sqrt(weightSquares), largest));
    }

    private NamedTensor? FoldBias(ModelWeights weights, string name)
    {
        if (Array.TrueForAll(_updates, update => update.Module.BBias is null))
        {
            return null;
        }

        var original = weights[$"{name}.bias"];
        var sum = Array.ConvertAll(original.Values, value => (double)value);
        for (var i = 0; i < _updates.Length; i++)
        {
            for (var j = 0; j < sum.Length; j++)
            {
                var delta = _updates[i].Module.BiasDelta(_updates[i].Factor, j);
                sum[j] += delta;
                _largest[i] = Math.Max(_largest[i], Math.Abs(delta));
            }
        }

        return new NamedTensor(original.Name, original.Shape, Array.ConvertAll(sum, value => (float)value));
    }
}
