using LoraOnnx.Kernels.Products;

namespace LoraOnnx.Kernels.Code;

/// <summary>A tile of emitted code: one function for each number of rows.</summary>
internal sealed unsafe class EmittedTile : IProductTile
{
    private readonly delegate* unmanaged<TileArguments*, void>[] _tiles;

    private EmittedTile(delegate* unmanaged<TileArguments*, void>[] tiles) => _tiles = tiles;

    /// <summary>Emits the tile, or says why this system has no place for it.</summary>
    public static (IProductTile? Tile, string? Refusal) Emit(TileCode.Dot dot)
    {
        var tiles = new delegate* unmanaged<TileArguments*, void>[TileCode.Rows + 1];
        for (var rows = 1; rows <= TileCode.Rows; rows++)
        {
            var (address, refusal) = ExecutableMemory.Place(TileCode.Emit(rows, dot));
            if (refusal is not null)
            {
                return (null, refusal);
            }

            tiles[rows] = (delegate* unmanaged<TileArguments*, void>)address;
        }

        return (new EmittedTile(tiles), null);
    }

    /// <inheritdoc/>
    public void Multiply(byte* rows, nint rowBytes, int rowCount, byte* panel, int steps, int* sums)
    {
        var (full, rest) = Math.DivRem(rowCount, TileCode.Rows);
        var arguments = new TileArguments { Rows = rows, RowBytes = rowBytes, Panel = panel, Sums = sums, Steps = steps, Tiles = full };
        if (full > 0)
        {
            _tiles[TileCode.Rows](&arguments);
        }

        if (rest > 0)
        {
            arguments.Rows += full * TileCode.Rows * rowBytes;
            arguments.Sums += full * TileCode.Rows * Panels.Columns;
            arguments.Tiles = 1;
            _tiles[rest](&arguments);
        }
    }
}
