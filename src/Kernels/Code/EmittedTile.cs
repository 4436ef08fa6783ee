using LoraOnnx.Kernels.Products;

namespace LoraOnnx.Kernels.Code;

/// <summary>A tile of emitted code: one function for each number of rows and of vectors.</summary>
internal sealed unsafe class EmittedTile : IProductTile
{
    private readonly delegate* unmanaged<TileArguments*, void>[] _tiles; // [vectors - 1][rows - 1]

    private EmittedTile(delegate* unmanaged<TileArguments*, void>[] tiles) => _tiles = tiles;

    /// <summary>Emits the tile, or says why this system has no place for it.</summary>
    public static (IProductTile? Tile, string? Refusal) Emit(TileCode.Dot dot)
    {
        var tiles = new delegate* unmanaged<TileArguments*, void>[TileCode.Rows * TileCode.Vectors];
        for (var place = 0; place < tiles.Length; place++)
        {
            var (vectors, rows) = (1 + (place / TileCode.Rows), 1 + (place % TileCode.Rows));
            var (address, refusal) = ExecutableMemory.Place(TileCode.Emit(rows, vectors, dot));
            if (refusal is not null)
            {
                return (null, refusal);
            }

            tiles[place] = (delegate* unmanaged<TileArguments*, void>)address;
        }

        return (new EmittedTile(tiles), null);
    }

    /// <inheritdoc/>
    public void Multiply(byte* rows, nint rowBytes, int rowCount, byte* panel, int steps, int columns, int* sums)
    {
        var (full, rest) = Math.DivRem(rowCount, TileCode.Rows);
        var ofVectors = (columns - 1) / (Panels.Columns / TileCode.Vectors) * TileCode.Rows;
        var arguments = new TileArguments { Rows = rows, RowBytes = rowBytes, Panel = panel, Sums = sums, Steps = steps, Tiles = full };
        if (full > 0)
        {
            _tiles[ofVectors + TileCode.Rows - 1](&arguments);
        }

        if (rest > 0)
        {
            arguments.Rows += full * TileCode.Rows * rowBytes;
            arguments.Sums += full * TileCode.Rows * Panels.Columns;
            arguments.Tiles = 1;
            _tiles[ofVectors + rest - 1](&arguments);
        }
    }
}
