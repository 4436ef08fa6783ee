using LoraOnnx.Texts;

namespace LoraOnnx.Scoring.Input;

/// <summary>Rows as cells of text, of any kind of file.</summary>
internal sealed class CellRows(InputFile input, TextOptions options) : IRowSource
{
    private readonly IEnumerator<TextRow> _rows = TextRows.Pass(input.Path, options, TextNotices.None, input.Name).GetEnumerator();

    public void Skip(long rows)
    {
        while (rows-- > 0 && _rows.MoveNext())
        {
        }
    }

    public Chunk Next(long most, CancellationToken cancellationToken)
    {
        var chunk = new Chunk();
        while (chunk.Count < Math.Min(most, Chunk.Rows) && _rows.MoveNext())
        {
            cancellationToken.ThrowIfCancellationRequested();
            var row = _rows.Current;
            chunk.Texts.Add(row.Problem is null ? row.Text : null);
            chunk.Problems.Add(row.Problem);
            chunk.Cells.Add(row);
        }

        return chunk;
    }

    public void Dispose() => _rows.Dispose();
}
