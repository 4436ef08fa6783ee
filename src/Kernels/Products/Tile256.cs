using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LoraOnnx.Kernels.Products;

/// <summary>A tile of 3 rows by 4 vectors of 256 bits, so that 12 sums, a vector of weights and 3 of activations fill 16 registers.</summary>
internal sealed unsafe class Tile256<TDot> : IProductTile
    where TDot : struct, IDot256
{
    private const int Rows = 3;
    private const int Vectors = 4;
    private const int Half = Panels.Columns / 2; // columns of a tile

    /// <inheritdoc/>
    public void Multiply(byte* rows, nint rowBytes, int rowCount, byte* panel, int steps, int columns, int* sums)
    {
        var space = stackalloc int[Rows * Half];
        for (var row = 0; row < rowCount; row += Rows)
        {
            var count = Math.Min(Rows, rowCount - row);
            var first = rows + (row * rowBytes);
            for (var column = 0; column < columns; column += Half)
            {
                // A row that is not there is the last one again, and its sums are dropped.
                byte* second = first + (Math.Min(1, count - 1) * rowBytes), third = first + ((count - 1) * rowBytes);
                Tile(first, second, third, panel + (column * Panels.StepBytes), steps, space);
                for (var each = 0; each < count; each++)
                {
                    new ReadOnlySpan<int>(space + (each * Half), Half).CopyTo(new Span<int>(sums + ((row + each) * Panels.Columns) + column, Half));
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile(byte* row0, byte* row1, byte* row2, byte* panel, int steps, int* sums)
    {
        Vector256<int> a0 = default, a1 = default, a2 = default, a3 = default, b0 = default, b1 = default, b2 = default, b3 = default;
        Vector256<int> c0 = default, c1 = default, c2 = default, c3 = default;
        for (var step = 0; step < steps; step++)
        {
            var a = Vector256.Create(((int*)row0)[step]).AsByte();
            var b = Vector256.Create(((int*)row1)[step]).AsByte();
            var c = Vector256.Create(((int*)row2)[step]).AsByte();
            var weights = Vector256.Load((sbyte*)panel);
            (a0, b0, c0) = (TDot.Add(a0, a, weights), TDot.Add(b0, b, weights), TDot.Add(c0, c, weights));
            weights = Vector256.Load((sbyte*)panel + 32);
            (a1, b1, c1) = (TDot.Add(a1, a, weights), TDot.Add(b1, b, weights), TDot.Add(c1, c, weights));
            weights = Vector256.Load((sbyte*)panel + 64);
            (a2, b2, c2) = (TDot.Add(a2, a, weights), TDot.Add(b2, b, weights), TDot.Add(c2, c, weights));
            weights = Vector256.Load((sbyte*)panel + 96);
            (a3, b3, c3) = (TDot.Add(a3, a, weights), TDot.Add(b3, b, weights), TDot.Add(c3, c, weights));
            panel += Panels.BytesOfStep;
        }

        Vector256<int>* to = (Vector256<int>*)sums;
        (to[0], to[1], to[2], to[3]) = (a0, a1, a2, a3);
        (to[Vectors], to[Vectors + 1], to[Vectors + 2], to[Vectors + 3]) = (b0, b1, b2, b3);
        (to[2 * Vectors], to[(2 * Vectors) + 1], to[(2 * Vectors) + 2], to[(2 * Vectors) + 3]) = (c0, c1, c2, c3);
    }
}
