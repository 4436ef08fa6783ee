namespace LoraOnnx.Kernels.Adapters;

/// <summary>
/// Adds what adapters change to rows that a linear or a norm gave. Each row gets the same bits alone and among others. May be called by several
/// threads at once, for other rows.
/// </summary>
/// <param name="first">Number of the first row among those of the run.</param>
/// <param name="count">How many rows.</param>
/// <param name="x">What the first row's linear took; for a norm the row itself.</param>
/// <param name="xStride">Numbers from a row of x to the next.</param>
/// <param name="y">The first row.</param>
/// <param name="yStride">Numbers from a row to the next.</param>
public unsafe delegate void RowChange(int first, int count, float* x, nint xStride, float* y, nint yStride);
