namespace LoraOnnx.Kernels.Adapters;

/// <summary>
/// What an adapter adds to the rows that a linear or a norm gave: y += B·(A·x) and y += shift. The memory is the caller's. Each row has the same bits
/// alone and among others.
/// </summary>
public readonly unsafe struct LinearChange
{
    /// <summary>The largest rank.</summary>
    public const int LargestRank = 64;

    /// <summary>Rows whose products with A are kept at a time.</summary>
    private const int RowsAtOnce = 32;

    /// <summary>A, [rank, inputs] end to end; not read where the rank is 0.</summary>
    public required float* A { get; init; }

    /// <summary>B with its scale, turned: [rank, outputs] end to end.</summary>
    public required float* B { get; init; }

    /// <summary>What is added to each row [outputs], or null.</summary>
    public required float* Shift { get; init; }

    /// <summary>Rows of A; 0: there is a shift only.</summary>
    public required int Rank { get; init; }

    /// <summary>Numbers of a row that A takes.</summary>
    public required int Inputs { get; init; }

    /// <summary>Numbers of a row that is changed.</summary>
    public required int Outputs { get; init; }

    /// <summary>Changes rows.</summary>
    /// <param name="x">What the linear took; not read where the rank is 0.</param>
    /// <param name="xStride">Numbers from a row of x to the next.</param>
    /// <param name="y">What it gave.</param>
    /// <param name="yStride">Numbers from a row of y to the next.</param>
    /// <param name="rows">How many rows.</param>
    public void Add(float* x, nint xStride, float* y, nint yStride, int rows)
    {
        if (Rank > 0)
        {
            var products = stackalloc float[RowsAtOnce * LargestRank];
            for (var row = 0; row < rows; row += RowsAtOnce)
            {
                var count = Math.Min(RowsAtOnce, rows - row);
                RowProducts.Dot(x + (row * xStride), xStride, count, A, Rank, Inputs, products, Rank);
                RowProducts.AddProduct(products, Rank, count, B, Outputs, y + (row * yStride), yStride);
            }
        }

        if (Shift is not null)
        {
            RowProducts.AddShift(Shift, rows, Outputs, y, yStride);
        }
    }
}
