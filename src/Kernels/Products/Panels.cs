using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LoraOnnx.Kernels.Products;

/// <summary>
/// How weights lie: panels of 64 columns (outputs); in a panel, step by step of k, four bytes a column. Columns and k beyond the matrix are zeros.
/// </summary>
internal static unsafe class Panels
{
    /// <summary>Columns of a panel.</summary>
    public const int Columns = 64;

    /// <summary>Bytes of a column, and of a row of activations, in one step.</summary>
    public const int StepBytes = 4;

    /// <summary>Bytes of a panel in one step.</summary>
    public const int BytesOfStep = Columns * StepBytes;

    /// <summary>Panels for so many columns.</summary>
    public static int Count(int columns) => (columns + Columns - 1) / Columns;

    /// <summary>Bytes of the panels of so many columns.</summary>
    public static nint Bytes(int columns, int steps) => (nint)Count(columns) * Columns * steps * StepBytes;

    /// <summary>Where the four bytes of a column's step are.</summary>
    public static byte* Place(byte* panels, int column, int step, int steps)
    {
        var (panel, inPanel) = Math.DivRem(column, Columns);
        return panels + ((((((nint)panel * steps) + step) * Columns) + inPanel) * StepBytes);
    }

    /// <summary>Writes the steps of a column.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PlaceColumn(byte* panels, int column, uint* numbers, int steps)
    {
        var place = (uint*)Place(panels, column, 0, steps);
        for (nint step = 0; step < steps; step++)
        {
            place[step * Columns] = numbers[step];
        }
    }

    /// <summary>Writes sixteen numbers of a result, or as many as there are columns left; streamed: whole vectors past the caches.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> values, float* to, int left, bool isStreamed = false)
    {
        if (isStreamed)
        {
            values.StoreAlignedNonTemporal(to);
            return;
        }

        if (left >= Vector512<float>.Count)
        {
            values.Store(to);
            return;
        }

        for (var i = 0; i < left; i++)
        {
            to[i] = values[i];
        }
    }

    /// <summary>One number a column, and zeros up to whole panels.</summary>
    public static float[] Padded(ReadOnlySpan<float> columns)
    {
        var padded = new float[Count(columns.Length) * Columns];
        columns.CopyTo(padded);
        return padded;
    }
}
