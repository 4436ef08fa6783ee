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

    /// <summary>One number a column, and zeros up to whole panels.</summary>
    public static float[] Padded(ReadOnlySpan<float> columns)
    {
        var padded = new float[Count(columns.Length) * Columns];
        columns.CopyTo(padded);
        return padded;
    }
}
