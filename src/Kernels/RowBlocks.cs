using LoraOnnx.Kernels.Code;

namespace LoraOnnx.Kernels;

/// <summary>
/// Rows cut into blocks: whole tiles, as many for each thread, and so few that a block's sums and inputs stay in the second-level cache.
/// </summary>
internal readonly record struct RowBlocks(int Rows, int Count)
{
    /// <summary>The largest block. With 96 rows of 768 numbers a tenth of the speed is lost, and a quarter where there are few blocks.</summary>
    public const int Largest = 48;

    private int Tiles => (Rows + TileCode.Rows - 1) / TileCode.Rows;

    /// <summary>Blocks of <paramref name="rows"/> rows for so many threads.</summary>
    public static RowBlocks Of(int rows, int threads)
    {
        var blocks = (rows + Largest - 1) / Largest;
        var even = (blocks + threads - 1) / threads * threads;
        return new RowBlocks(rows, Math.Min(even, (rows + TileCode.Rows - 1) / TileCode.Rows));
    }

    /// <summary>First row and number of rows of a block.</summary>
    public (int First, int Count) this[int block]
    {
        get
        {
            var (first, end) = ((long)block * Tiles / Count * TileCode.Rows, (block + 1L) * Tiles / Count * TileCode.Rows);
            return ((int)first, (int)Math.Min(end, Rows) - (int)first);
        }
    }
}
