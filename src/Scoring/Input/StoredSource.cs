using LoraOnnx.Texts.Parquet;

namespace LoraOnnx.Scoring.Input;

/// <summary>Rows of a Parquet file that become rows of another one: columns are copied as they are stored.</summary>
internal sealed class StoredSource(InputFile input, int textColumn, IReadOnlyList<StoredField> target) : IRowSource
{
    private readonly StoredRows _rows = StoredRows.Open(input.Path, input.Name);
    private readonly StoredTable _table = new(target);
    private long _row;

    public void Skip(long rows)
    {
        _rows.Skip(rows);
        _row += rows;
    }

    public Chunk Next(long most, CancellationToken cancellationToken)
    {
        var chunk = new Chunk { Stored = _table };
        while (chunk.Count < Math.Min(most, Chunk.Rows) && _rows.TryCopyNext(_table, textColumn, out var text, out var problem))
        {
            cancellationToken.ThrowIfCancellationRequested();
            _row++;
            chunk.Texts.Add(problem is null ? text ?? "" : null);
            chunk.Problems.Add(problem is null ? null : InputException.InLine(input.Name, (int)Math.Min(_row, int.MaxValue), problem));
        }

        return chunk;
    }

    public void Dispose() => _rows.Dispose();
}
