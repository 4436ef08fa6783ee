using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LoraOnnx.Kernels.Products;
using LoraOnnx.Kernels.Steps;

namespace LoraOnnx.Kernels.Attention;

/// <summary>
/// Attention with both products in bf16: queries, keys, weights of attention and values are rounded, sums, softmax and its denominator are fp32.
/// A query's result depends on its own text only, and on no other query.
/// </summary>
internal sealed unsafe class Bf16HeadAttention(IProductTile tile) : IHeadAttention
{
    private const int Queries = RowBlocks.Largest;
    private const int Lanes = 16;

    /// <inheritdoc/>
    public long ScratchBytes(int tokens, int width)
    {
        var (keys, dimensions) = (Panels.Count(tokens) * Panels.Columns, Panels.Count(width) * Panels.Columns);
        var ofQuery = (dimensions * (sizeof(ushort) + sizeof(float))) + (keys * (sizeof(float) + sizeof(ushort))) + sizeof(float);
        return Scratch.Bytes(((long)keys * dimensions * 2 * sizeof(ushort)) + ((long)Queries * ofQuery));
    }

    /// <inheritdoc/>
    public void Run(in HeadRows head, AlignedBuffer scratch)
    {
        var space = new Scratch(scratch);
        int queryPairs = (head.Width + 1) / 2, keyPairs = (head.KeyCount + 1) / 2, keyPanels = Panels.Count(head.KeyCount);
        var keyPlaces = keyPanels * Panels.Columns;
        var keys = space.Take<byte>(Panels.Bytes(head.KeyCount, queryPairs));
        var values = space.Take<byte>(Panels.Bytes(head.Width, keyPairs));
        var queries = space.Take<ushort>(Queries * queryPairs * 2);
        var scores = space.Take<float>(Queries * keyPlaces);
        var weights = space.Take<ushort>(Queries * keyPlaces);
        var sums = space.Take<float>(Queries * Panels.Columns);
        var totals = space.Take<float>(Queries);

        PlaceKeys(head, keys, queryPairs, (uint*)scores);
        PlaceValues(head, values, keyPairs);
        for (var first = 0; first < head.QueryCount; first += Queries)
        {
            var count = Math.Min(Queries, head.QueryCount - first);
            RoundQueries(head, first, count, queries, queryPairs * 2);
            for (var panel = 0; panel < keyPanels; panel++)
            {
                tile.Multiply((byte*)queries, queryPairs * Panels.StepBytes, count, keys + (panel * queryPairs * Panels.BytesOfStep), queryPairs,
                    (int*)(scores + (panel * count * Panels.Columns)));
            }

            for (var row = 0; row < count; row++)
            {
                totals[row] = SoftMax(scores + (row * Panels.Columns), count * Panels.Columns, head.KeyCount, weights + ((nint)row * keyPlaces));
            }

            for (var column = 0; column < head.Width; column += Panels.Columns)
            {
                tile.Multiply((byte*)weights, keyPlaces * sizeof(ushort), count, Panels.Place(values, column, 0, keyPairs), keyPairs, (int*)sums);
                Write(head, first, count, column, sums, totals);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RoundQueries(in HeadRows head, int first, int count, ushort* queries, int padded)
    {
        var scale = 1 / MathF.Sqrt(head.Width);
        var whole = head.Width - (head.Width % Lanes);
        for (var row = 0; row < count; row++)
        {
            var (from, to) = ((nint)(head.Queries + ((nint)(first + row) * head.QueryStride)), (nint)(queries + (row * padded)));
            for (var i = 0; i < whole; i += Lanes)
            {
                Bf16.Narrow(Vector512.Load((float*)from + i) * scale).Store((ushort*)to + i);
            }

            for (var i = whole; i < padded; i++)
            {
                ((ushort*)to)[i] = i < head.Width ? Bf16.Of(((float*)from)[i] * scale) : (ushort)0;
            }
        }
    }

    /// <summary>Keys as columns: pairs of a key's numbers side by side. What is beyond the last key is never looked at.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PlaceKeys(in HeadRows head, byte* panels, int pairs, uint* row)
    {
        for (var key = 0; key < head.KeyCount; key++)
        {
            Bf16.Round(head.Keys + ((nint)key * head.KeyStride), head.Width, pairs * 2, (ushort*)row);
            var place = (uint*)Panels.Place(panels, key, 0, pairs);
            for (var pair = 0; pair < pairs; pair++)
            {
                place[pair * Panels.Columns] = row[pair];
            }
        }
    }

    /// <summary>Values as rows: pairs of tokens side by side, the last token beside zeros where their number is odd.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PlaceValues(in HeadRows head, byte* panels, int pairs)
    {
        var whole = head.Width - (head.Width % Lanes);
        for (var pair = 0; pair < pairs; pair++)
        {
            var first = head.Values + ((nint)pair * 2 * head.KeyStride);
            var second = (pair * 2) + 1 < head.KeyCount ? first + head.KeyStride : null;
            for (var i = 0; i < whole; i += Lanes)
            {
                var low = Vector512.WidenLower(Bf16.Narrow(Vector512.Load(first + i)).ToVector512());
                var high = second is null ? Vector512<uint>.Zero : Vector512.WidenLower(Bf16.Narrow(Vector512.Load(second + i)).ToVector512());
                (low | (high << 16)).Store((uint*)Panels.Place(panels, i, pair, pairs));
            }

            for (var i = whole; i < head.Width; i++)
            {
                *(uint*)Panels.Place(panels, i, pair, pairs) = Bf16.Of(first[i]) | ((second is null ? 0u : Bf16.Of(second[i])) << 16);
            }
        }
    }

    /// <summary>
    /// e to the power of each score less the largest, rounded; returns their sum. Scores lie in panels <paramref name="panelStride"/> numbers apart.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float SoftMax(float* scores, int panelStride, int count, ushort* weights)
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
            Bf16.Narrow(power).Store(weights + key);
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
        var whole = width - (width % Lanes);
        for (var row = 0; row < count; row++)
        {
            var from = sums + (row * Panels.Columns);
            var to = head.Result + ((nint)(first + row) * head.ResultStride) + column;
            var factor = 1 / totals[row];
            for (var i = 0; i < whole; i += Lanes)
            {
                (Vector512.Load(from + i) * factor).Store(to + i);
            }

            for (var i = whole; i < width; i++)
            {
                to[i] = from[i] * factor;
            }
        }
    }
}
