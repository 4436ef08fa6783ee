using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LoraOnnx.Kernels.Products;
using LoraOnnx.Kernels.Steps;

namespace LoraOnnx.Kernels.Attention;

/// <summary>
/// Attention with both products in fp32 or in bf16: then queries, keys, weights of attention and values are rounded. Sums, softmax and its
/// denominator are fp32. A query's result depends on its own text only, and on no other query.
/// </summary>
internal sealed unsafe class HeadAttention<TSteps>(IProductTile tile) : IHeadAttention
    where TSteps : struct, IStepFormat
{
    private const int Queries = RowBlocks.Largest;
    private const int Lanes = 16;

    /// <inheritdoc/>
    public long ScratchBytes(int tokens, int width)
    {
        var (keys, dimensions) = (Panels.Count(tokens) * Panels.Columns, Panels.Count(width) * Panels.Columns);
        var ofQuery = ((dimensions * 2) + (keys * 2) + 1) * sizeof(float);
        return Scratch.Bytes(((long)keys * dimensions * 2 * sizeof(float)) + ((long)Queries * ofQuery));
    }

    /// <inheritdoc/>
    public void Run(in HeadRows head, AlignedBuffer scratch)
    {
        var space = new Scratch(scratch);
        int querySteps = FloatRows<TSteps>.Steps(head.Width), keySteps = FloatRows<TSteps>.Steps(head.KeyCount);
        var keyPanels = Panels.Count(head.KeyCount);
        int queryBytes = querySteps * Panels.StepBytes, weightBytes = keyPanels * Panels.Columns * Panels.StepBytes / TSteps.Numbers;
        var keys = space.Take<byte>(Panels.Bytes(head.KeyCount, querySteps));
        var values = space.Take<byte>(Panels.Bytes(head.Width, keySteps));
        var queries = space.Take<byte>(Queries * queryBytes);
        var scores = space.Take<float>(Queries * keyPanels * Panels.Columns);
        var weights = space.Take<byte>(Queries * weightBytes);
        var sums = space.Take<float>(Queries * Panels.Columns);
        var totals = space.Take<float>(Queries);

        PlaceKeys(head, keys, querySteps, (uint*)scores);
        PlaceValues(head, values, keySteps);
        var scale = 1 / MathF.Sqrt(head.Width);
        for (var first = 0; first < head.QueryCount; first += Queries)
        {
            var count = Math.Min(Queries, head.QueryCount - first);
            for (var row = 0; row < count; row++)
            {
                FloatRows<TSteps>.Place(head.Queries + ((nint)(first + row) * head.QueryStride), head.Width, scale, queries + (row * queryBytes));
            }

            for (var panel = 0; panel < keyPanels; panel++)
            {
                tile.Multiply(queries, queryBytes, count, keys + ((nint)panel * querySteps * Panels.BytesOfStep), querySteps,
                    Math.Min(Panels.Columns, head.KeyCount - (panel * Panels.Columns)), (int*)(scores + (panel * count * Panels.Columns)));
            }

            for (var row = 0; row < count; row++)
            {
                totals[row] = SoftMax(scores + (row * Panels.Columns), count * Panels.Columns, head.KeyCount, weights + ((nint)row * weightBytes));
            }

            for (var column = 0; column < head.Width; column += Panels.Columns)
            {
                tile.Multiply(weights, weightBytes, count, Panels.Place(values, column, 0, keySteps), keySteps,
                    Math.Min(Panels.Columns, head.Width - column), (int*)sums);
                Write(head, first, count, column, sums, totals);
            }
        }
    }

    /// <summary>Keys as columns. What is beyond the last key is never looked at.</summary>
    private static void PlaceKeys(in HeadRows head, byte* panels, int steps, uint* row)
    {
        for (var key = 0; key < head.KeyCount; key++)
        {
            FloatRows<TSteps>.Place(head.Keys + ((nint)key * head.KeyStride), head.Width, 1, (byte*)row);
            Panels.PlaceColumn(panels, key, row, steps);
        }
    }

    /// <summary>Values as rows: the tokens of a step side by side, the last one beside zeros where a step has room for more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PlaceValues(in HeadRows head, byte* panels, int steps)
    {
        var whole = head.Width - (head.Width % Lanes);
        for (var step = 0; step < steps; step++)
        {
            var token = step * TSteps.Numbers;
            var first = head.Values + ((nint)token * head.KeyStride);
            var second = TSteps.Numbers > 1 && token + 1 < head.KeyCount ? first + head.KeyStride : null;
            for (var i = 0; i < whole; i += Lanes)
            {
                TSteps.Columns(first + i, second is null ? null : second + i).Store((uint*)Panels.Place(panels, i, step, steps));
            }

            for (var i = whole; i < head.Width; i++)
            {
                var place = Panels.Place(panels, i, step, steps);
                TSteps.Store(first[i], place, 0);
                if (TSteps.Numbers > 1)
                {
                    TSteps.Store(second is null ? 0 : second[i], place, 1);
                }
            }
        }
    }

    /// <summary>
    /// e to the power of each score less the largest, rounded; returns their sum. Scores lie in panels <paramref name="panelStride"/> numbers apart.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float SoftMax(float* scores, int panelStride, int count, byte* weights)
    {
        var places = (count + Lanes - 1) / Lanes * Lanes;
        for (var key = count; key < places; key++)
        {
            scores[(key / Panels.Columns * panelStride) + (key % Panels.Columns)] = float.NegativeInfinity;
        }

        var largest = Vector512.Create(float.NegativeInfinity);
        for (var key = 0; key < places; key += Lanes)
        {
            largest = Vector512.MaxNative(largest, Vector512.Load(scores + (key / Panels.Columns * panelStride) + (key % Panels.Columns)));
        }

        var (lane, sum) = (Vector512.Create(Largest(largest)), Vector512<float>.Zero);
        for (var key = 0; key < places; key += Lanes)
        {
            var power = Exponential.Of(Vector512.Load(scores + (key / Panels.Columns * panelStride) + (key % Panels.Columns)) - lane);
            sum += power;
            TSteps.Store(power, weights, key);
        }

        return Vector512.Sum(sum);
    }

    private static float Largest(Vector512<float> values)
    {
        var eight = Vector256.MaxNative(values.GetLower(), values.GetUpper());
        var four = Vector128.MaxNative(eight.GetLower(), eight.GetUpper());
        return MathF.Max(MathF.Max(four[0], four[1]), MathF.Max(four[2], four[3]));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Write(in HeadRows head, int first, int count, int column, float* sums, float* totals)
    {
        var width = Math.Min(Panels.Columns, head.Width - column);
        for (var row = 0; row < count; row++)
        {
            var from = sums + (row * Panels.Columns);
            var to = head.Result + ((nint)(first + row) * head.ResultStride) + column;
            var factor = 1 / totals[row];
            for (var i = 0; i < width; i += Lanes)
            {
                Panels.Store(Vector512.Load(from + i) * factor, to + i, width - i);
            }
        }
    }
}
