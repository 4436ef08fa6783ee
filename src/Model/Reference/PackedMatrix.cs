using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LoraOnnx.Model.Reference;

/// <summary>A matrix [inner, outputs] kept in blocks of 32 outputs, each block [inner, 32] in a row, so that a product reads it from front to
/// back.</summary>
internal sealed class PackedMatrix(int inner, int outputs)
{
    /// <summary>Outputs of a block: two vectors.</summary>
    private const int Block = 32;

    /// <summary>Terms that one partial sum takes: short sums lose less to rounding than one over thousands.</summary>
    private const int Segment = 256;

    private readonly float[] _values = new float[(outputs + Block - 1) / Block * Block * inner];

    /// <summary>Sets an element.</summary>
    public float this[int i, int output]
    {
        set => _values[(((output / Block * inner) + i) * Block) + (output % Block)] = value;
    }

    /// <summary>A linear layer's weight [outputs, inner], so that x·matrix is x·Wᵀ.</summary>
    public static PackedMatrix OfWeight(float[] weight, int outputs)
    {
        var inner = weight.Length / outputs;
        var matrix = new PackedMatrix(inner, outputs);
        for (var output = 0; output < outputs; output++)
        {
            for (var i = 0; i < inner; i++)
            {
                matrix[i, output] = weight[(output * inner) + i];
            }
        }

        return matrix;
    }

    /// <summary>y = x·matrix, for rows x [n, inner] and y [n, outputs]; on all cores.</summary>
    public void MultiplyParallel(float[] x, int n, float[] y) =>
        Parallel.For(0, (outputs + Block - 1) / Block, block => MultiplyBlock(x, n, y, block));

    /// <summary>The same on the calling thread.</summary>
    public void Multiply(float[] x, int n, float[] y)
    {
        for (var block = 0; block * Block < outputs; block++)
        {
            MultiplyBlock(x, n, y, block);
        }
    }

    /// <summary>Four rows at a time share what is loaded of the matrix.</summary>
    private void MultiplyBlock(float[] x, int n, float[] y, int block)
    {
        Span<float> sums = stackalloc float[4 * Block];
        var first = block * Block;
        var width = Math.Min(Block, outputs - first);
        for (var row = 0; row < n; row += 4)
        {
            sums.Clear();
            for (var start = 0; start < inner; start += Segment)
            {
                // Rows over the edge repeat the last one, and what comes of them is dropped.
                AddSegment(
                    ref x[(row * inner) + start], ref x[(Math.Min(row + 1, n - 1) * inner) + start],
                    ref x[(Math.Min(row + 2, n - 1) * inner) + start], ref x[(Math.Min(row + 3, n - 1) * inner) + start],
                    ref _values[((block * inner) + start) * Block], Math.Min(Segment, inner - start), ref sums[0]);
            }

            for (var i = 0; i < 4 && row + i < n; i++)
            {
                sums.Slice(i * Block, width).CopyTo(y.AsSpan(((row + i) * outputs) + first, width));
            }
        }
    }

    private static void AddSegment(ref float x0, ref float x1, ref float x2, ref float x3, ref float matrix, int length, ref float sums)
    {
        Vector512<float> s00 = default, s01 = default, s10 = default, s11 = default, s20 = default, s21 = default, s30 = default, s31 = default;
        for (nuint i = 0; i < (nuint)length; i++)
        {
            var m0 = Vector512.LoadUnsafe(ref matrix, i * Block);
            var m1 = Vector512.LoadUnsafe(ref matrix, (i * Block) + 16);
            var v = Vector512.Create(Unsafe.Add(ref x0, i));
            s00 = Vector512.FusedMultiplyAdd(v, m0, s00);
            s01 = Vector512.FusedMultiplyAdd(v, m1, s01);
            v = Vector512.Create(Unsafe.Add(ref x1, i));
            s10 = Vector512.FusedMultiplyAdd(v, m0, s10);
            s11 = Vector512.FusedMultiplyAdd(v, m1, s11);
            v = Vector512.Create(Unsafe.Add(ref x2, i));
            s20 = Vector512.FusedMultiplyAdd(v, m0, s20);
            s21 = Vector512.FusedMultiplyAdd(v, m1, s21);
            v = Vector512.Create(Unsafe.Add(ref x3, i));
            s30 = Vector512.FusedMultiplyAdd(v, m0, s30);
            s31 = Vector512.FusedMultiplyAdd(v, m1, s31);
        }

        Add(s00, ref sums, 0);
        Add(s01, ref sums, 16);
        Add(s10, ref sums, 32);
        Add(s11, ref sums, 48);
        Add(s20, ref sums, 64);
        Add(s21, ref sums, 80);
        Add(s30, ref sums, 96);
        Add(s31, ref sums, 112);
    }

    private static void Add(Vector512<float> part, ref float sums, nuint place) =>
        (part + Vector512.LoadUnsafe(ref sums, place)).StoreUnsafe(ref sums, place);
}
