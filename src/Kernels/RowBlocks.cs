using LoraOnnx.Kernels.Code;

namespace LoraOnnx.Kernels;

/// <summary>
/// Rows cut into blocks: whole tiles, as many for each thread, and so few that a block's sums and inputs stay in the second-level cache.
/// </summary>
internal readonly record struct RowBlocks(int Rows, int Size)
{
    /// <summary>The largest block. With 96 rows of 768 numbers a tenth of the speed is lost, and a quarter where there are few blocks.</summary>
    public const int Largest = 48;

    /// <summary>How many blocks.</summary>
    public int Count => (Rows + Size - 1) / Size;

    /// <summary>Blocks of <paramref name="rows"/> rows for so many threads.</summary>
    public static RowBlocks Of(int rows, int threads)
    {
        var blocks = Math.Max(1, (rows + Largest - 1) / Largest);
        var even = (blocks + threads - 1) / threads * threads;
        var size = (rows + even - 1) / even;
        return new RowBlocks(rows, Math.Clamp((size + TileCode.Rows - 1) / TileCode.Rows * TileCode.Rows, TileCode.Rows, Largest));
    }

    /// <summary>First row and number of rows of a block.</summary>
    public (int First, int Count) this[int block] => (block * Size, Math.Min(Size, Rows - (block * Size)));
}
