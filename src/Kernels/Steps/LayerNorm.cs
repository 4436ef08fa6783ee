using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LoraOnnx.Kernels.Steps;

/// <summary>norm(x + y)·γ + β over rows of one width.</summary>
internal sealed unsafe class LayerNorm
{
    private readonly float[] _weight;
    private readonly float[] _bias;
    private readonly float _epsilon;

    public LayerNorm(ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, double epsilon)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bias.Length, weight.Length);
        (_weight, _bias, _epsilon) = (weight.ToArray(), bias.ToArray(), (float)epsilon);
    }

    /// <summary>Numbers of a row.</summary>
    public int Width => _weight.Length;

    /// <summary>Replaces the row <paramref name="x"/> by norm(x + y)·γ + β.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(float* x, float* y)
    {
        var width = Width;
        var whole = width - (width % Vector512<float>.Count);
        var sums = Vector512<float>.Zero;
        for (var i = 0; i < whole; i += Vector512<float>.Count)
        {
            var sum = Vector512.Load(x + i) + Vector512.Load(y + i);
            sum.Store(x + i);
            sums += sum;
        }

        var total = Vector512.Sum(sums);
        for (var i = whole; i < width; i++)
        {
            x[i] += y[i];
            total += x[i];
        }

        var mean = total / width;
        var factor = 1 / MathF.Sqrt((Squares(x, whole, mean) / width) + _epsilon);
        fixed (float* weight = _weight, bias = _bias)
        {
            for (var i = 0; i < whole; i += Vector512<float>.Count)
            {
                var normal = (Vector512.Load(x + i) - Vector512.Create(mean)) * factor;
                Vector512.FusedMultiplyAdd(normal, Vector512.Load(weight + i), Vector512.Load(bias + i)).Store(x + i);
            }

            for (var i = whole; i < width; i++)
            {
                x[i] = MathF.FusedMultiplyAdd((x[i] - mean) * factor, weight[i], bias[i]);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private float Squares(float* x, int whole, float mean)
    {
        var sums = Vector512<float>.Zero;
        for (var i = 0; i < whole; i += Vector512<float>.Count)
        {
            var distance = Vector512.Load(x + i) - Vector512.Create(mean);
            sums = Vector512.FusedMultiplyAdd(distance, distance, sums);
        }

        var total = Vector512.Sum(sums);
        for (var i = whole; i < Width; i++)
        {
            total += (x[i] - mean) * (x[i] - mean);
        }

        return total;
    }
}
