using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LoraOnnx.Kernels.Steps;

namespace LoraOnnx.Kernels.Products;

/// <summary>
/// Weights in signed bytes with a factor for each output, fours of k side by side. A row's codes c stand for f·(c - z), so the sum over k of
/// (c - z)·w is Σ c·w - z·Σ w; the latter is known beforehand. Integer sums are exact.
/// </summary>
internal sealed unsafe class Int8Weights : IRoundedWeights
{
    private const int Group = 4;

    private readonly IProductTile _tile;
    private readonly Int8Codes _codes;
    private readonly AlignedBuffer _panels;
    private readonly float[] _smoothing; // empty where inputs are taken as they are
    private readonly float[] _bias; // padded to whole panels, as the next two
    private readonly float[] _factors;
    private readonly int[] _surplus; // z·Σ w

    /// <summary>Lays codes out.</summary>
    public Int8Weights(IProductTile tile, CodedTensors linear)
    {
        (_tile, Outputs, Inputs) = (tile, linear.Bias.Length, linear.Codes.Length / linear.Bias.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(linear.Factors.Length, Outputs, nameof(linear));
        Steps = (Inputs + Group - 1) / Group;
        _codes = linear.ReadsActivation ? Int8Codes.AfterActivation : Int8Codes.OfEitherSign;
        _smoothing = linear.Smoothing.ToArray();
        (_bias, _factors) = (Panels.Padded(linear.Bias.Span), Panels.Padded(linear.Factors.Span));
        _surplus = new int[_bias.Length];
        _panels = new AlignedBuffer((long)Panels.Bytes(Outputs, Steps));
        for (var column = 0; column < Outputs; column++)
        {
            var row = linear.Codes.Span.Slice(column * Inputs, Inputs);
            var place = Panels.Place(_panels.Address, column, 0, Steps);
            var sum = 0;
            for (var k = 0; k < Inputs; k++)
            {
                ((sbyte*)(place + (k / Group * Panels.BytesOfStep)))[k % Group] = row[k];
                sum += row[k];
            }

            _surplus[column] = _codes.Zero * sum;
        }
    }

    /// <summary>Rounds the weights of each output to the nearest of 255 codes.</summary>
    public static Int8Weights Of(IProductTile tile, LinearTensors linear)
    {
        var (outputs, inputs) = (linear.Bias.Length, linear.Weight.Length / linear.Bias.Length);
        var (codes, factors) = (new sbyte[outputs * inputs], new float[outputs]);
        for (var output = 0; output < outputs; output++)
        {
            var row = linear.Weight.Span.Slice(output * inputs, inputs);
            factors[output] = LargestSize(row) / sbyte.MaxValue;
            for (var k = 0; k < inputs && factors[output] > 0; k++)
            {
                codes[(output * inputs) + k] = (sbyte)MathF.Round(row[k] / factors[output]);
            }
        }

        return new Int8Weights(tile, new CodedTensors(codes, factors, linear.Bias, default, ReadsActivation: false));
    }

    /// <inheritdoc/>
    public int Inputs { get; }

    /// <inheritdoc/>
    public int Outputs { get; }

    /// <inheritdoc/>
    public int Steps { get; }

    /// <inheritdoc/>
    public bool TakesRowsAsTheyAre => false;

    /// <inheritdoc/>
    public float Round(float* row, byte* rounded)
    {
        fixed (float* smoothing = _smoothing)
        {
            return Int8.Round(row, smoothing, Inputs, Steps * Group, _codes, rounded);
        }
    }

    /// <inheritdoc/>
    public void Multiply(in ProductRows rows, int panel, LinearActivation activation, int* sums, in ResultRows result)
    {
        var columns = Math.Min(Panels.Columns, Outputs - (panel * Panels.Columns));
        _tile.Multiply(
            rows.First, rows.RowBytes, rows.Count, Panels.Place(_panels.Address, panel * Panels.Columns, 0, Steps), Steps, columns, sums);
        Activations.With(activation, new Finishing(this, panel, columns, sums, rows, result));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Finish<TActivation>(int panel, int columns, int* sums, in ProductRows rows, in ResultRows result)
        where TActivation : struct, IActivation
    {
        fixed (float* bias = &_bias[panel * Panels.Columns], columnFactors = &_factors[panel * Panels.Columns])
        fixed (int* surplus = &_surplus[panel * Panels.Columns])
        {
            var first = result.First + (panel * Panels.Columns);
            for (var row = 0; row < rows.Count; row++)
            {
                int* from = sums + (row * Panels.Columns);
                var to = first + (row * result.Stride);
                var factor = Vector512.Create(rows.Factors[row]);
                for (var column = 0; column < columns; column += Vector512<float>.Count)
                {
                    var sum = Vector512.ConvertToSingle(Vector512.Load(from + column) - Vector512.Load(surplus + column));
                    var x = Vector512.FusedMultiplyAdd(sum * factor, Vector512.Load(columnFactors + column), Vector512.Load(bias + column));
                    Panels.Store(TActivation.Of(x), to + column, columns - column, result.IsStreamed);
                }
            }
        }
    }

    private static float LargestSize(ReadOnlySpan<float> row)
    {
        var largest = 0f;
        foreach (var weight in row)
        {
            largest = MathF.Max(largest, MathF.Abs(weight));
        }

        return largest;
    }

    private readonly struct Finishing(Int8Weights weights, int panel, int columns, int* sums, ProductRows rows, ResultRows result)
        : IActivationWork
    {
        public void Run<TActivation>()
            where TActivation : struct, IActivation => weights.Finish<TActivation>(panel, columns, sums, rows, result);
    }
}
