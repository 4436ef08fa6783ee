using System.Runtime.Intrinsics;
using LoraOnnx.Kernels.Steps;

namespace LoraOnnx.Kernels.Products;

/// <summary>
/// Weights in signed bytes with a factor for each output, fours of k side by side. A row's codes c stand for f·(c - 128), so the sum over k of (c -
/// 128)·w is
/// Σ c·w - 128·Σ w; the latter is known beforehand. Integer sums are exact.
/// </summary>
internal sealed unsafe class Int8Weights : IRoundedWeights
{
    private const int Group = 4;

    private readonly IProductTile _tile;
    private readonly AlignedBuffer _panels;
    private readonly float[] _bias; // padded to whole panels, as the next two
    private readonly float[] _factors;
    private readonly int[] _surplus; // 128·Σ w

    /// <summary>Rounds each row of <paramref name="weights"/> [outputs, inputs] to the nearest of 255 codes and lays them out.</summary>
    public Int8Weights(IProductTile tile, ReadOnlySpan<float> weights, ReadOnlySpan<float> bias)
    {
        (_tile, Outputs, Inputs) = (tile, bias.Length, weights.Length / bias.Length);
        Steps = (Inputs + Group - 1) / Group;
        _bias = Panels.Padded(bias);
        (_factors, _surplus) = (new float[_bias.Length], new int[_bias.Length]);
        _panels = new AlignedBuffer((long)Panels.Bytes(Outputs, Steps));
        for (var column = 0; column < Outputs; column++)
        {
            var row = weights.Slice(column * Inputs, Inputs);
            var factor = _factors[column] = LargestSize(row) / Int8.Largest;
            var place = Panels.Place(_panels.Address, column, 0, Steps);
            for (var k = 0; k < Inputs; k++)
            {
                var code = factor == 0 ? 0 : (int)MathF.Round(row[k] / factor);
                ((sbyte*)(place + (k / Group * Panels.BytesOfStep)))[k % Group] = (sbyte)code;
                _surplus[column] += Int8.Zero * code;
            }
        }
    }

    /// <inheritdoc/>
    public int Inputs { get; }

    /// <inheritdoc/>
    public int Outputs { get; }

    /// <inheritdoc/>
    public int Steps { get; }

    /// <inheritdoc/>
    public float Round(float* row, byte* rounded) => Int8.Round(row, Inputs, Steps * Group, rounded);

    /// <inheritdoc/>
    public void Multiply(byte* rows, float* factors, int count, int panel, LinearActivation activation, int* sums, float* result, nint stride)
    {
        _tile.Multiply(rows, Steps * Panels.StepBytes, count, Panels.Place(_panels.Address, panel * Panels.Columns, 0, Steps), Steps, sums);
        switch (activation)
        {
            case LinearActivation.Gelu:
                Finish<Gelu>(panel, sums, factors, count, result, stride);
                break;
            case LinearActivation.GeluTanh:
                Finish<GeluTanh>(panel, sums, factors, count, result, stride);
                break;
            case LinearActivation.Relu:
                Finish<Relu>(panel, sums, factors, count, result, stride);
                break;
            default:
                Finish<Identity>(panel, sums, factors, count, result, stride);
                break;
        }
    }

    private void Finish<TActivation>(int panel, int* sums, float* factors, int count, float* result, nint stride)
        where TActivation : struct, IActivation
    {
        fixed (float* bias = &_bias[panel * Panels.Columns], columnFactors = &_factors[panel * Panels.Columns])
        fixed (int* surplus = &_surplus[panel * Panels.Columns])
        {
            for (var row = 0; row < count; row++)
            {
                int* from = sums + (row * Panels.Columns);
                var to = result + (row * stride);
                var factor = Vector512.Create(factors[row]);
                for (var column = 0; column < Panels.Columns; column += Vector512<float>.Count)
                {
                    var sum = Vector512.ConvertToSingle(Vector512.Load(from + column) - Vector512.Load(surplus + column));
                    var x = Vector512.FusedMultiplyAdd(sum * factor, Vector512.Load(columnFactors + column), Vector512.Load(bias + column));
                    TActivation.Of(x).Store(to + column);
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
}
