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
    /// <summary>An untrained magnitude is the length of the row as fp32 arithmetic found it; what it changes is rounding.</summary>
    private const double MagnitudeRounding = 1e-5;

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
        var (row, before) = (new double[columns], new double[columns]);
        double deltaSquares = 0, weightSquares = 0, largest = 0;
        for (var r = 0; r < rows; r++)
        {
            var old = original.Values.AsSpan(r * columns, columns);
            TensorPrimitives.ConvertTruncating<float, double>(old, row);
            for (var i = 0; i < _updates.Length; i++)
            {
                row.CopyTo(before, 0);
                Add(_updates[i], r, row);
                _largest[i] = Math.Max(_largest[i], LargestDifference(row, before));
                if (_updates[i].Module.Magnitude is { } magnitude)
                {
                    var rescale = magnitude.Values[r] / TensorPrimitives.Norm<double>(row);
                    TensorPrimitives.Multiply(row, rescale, row);
                    _largest[i] = Math.Max(_largest[i], Math.Abs(rescale - 1) > MagnitudeRounding ? Math.Abs(rescale - 1) : 0);
                }
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

    /// <summary>row ← row + factor·scale·(B·A)[r].</summary>
    private static void Add(ModuleUpdate update, int r, double[] row)
    {
        var module = update.Module;
        var columns = row.Length;
        for (var k = 0; k < module.Rank; k++)
        {
            var b = update.Factor * module.Scale * module.B.Values[(r * module.Rank) + k];
            var a = module.A.Values.AsSpan(k * columns, columns);
            for (var c = 0; c < columns; c++)
            {
                row[c] += b * a[c];
            }
        }
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
            if (_updates[i].Module.BBias is not { } bias)
            {
                continue;
            }

            for (var j = 0; j < sum.Length; j++)
            {
                var delta = _updates[i].Factor * _updates[i].Module.Scale * bias.Values[j];
                sum[j] += delta;
                _largest[i] = Math.Max(_largest[i], Math.Abs(delta));
            }
        }

        return new NamedTensor(original.Name, original.Shape, Array.ConvertAll(sum, value => (float)value));
    }

    private static double LargestDifference(double[] row, double[] before)
    {
        TensorPrimitives.Subtract(row, before, before);
        return Math.Abs(TensorPrimitives.MaxMagnitude<double>(before));
    }
}
