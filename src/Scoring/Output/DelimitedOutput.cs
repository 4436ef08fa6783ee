using System.Globalization;
using System.Text;
using LoraOnnx.Scoring.Input;
using LoraOnnx.Texts.Parquet;

namespace LoraOnnx.Scoring.Output;

/// <summary>CSV or TSV with a header.</summary>
internal sealed class DelimitedOutput(ScoredColumns columns, char delimiter, ScoreOptions options) : IScoredFile
{
    public void Begin(Stream stream) => stream.Write(Encoding.UTF8.GetBytes(
        (options.ByteOrderMark ? CsvText.ByteOrderMark : "") + Line([.. columns.Kept, .. columns.Added.Select(column => column.Name)])));

    public StoredGroup? Write(Stream stream, Chunk chunk, IReadOnlyList<ScoredText> scored)
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(false), 1 << 16, leaveOpen: true);
        for (var row = 0; row < chunk.Count; row++)
        {
            writer.Write(Line([.. columns.Arranged(chunk.Cells[row]).Select(cell => cell?.Text ?? ""),
                .. columns.Added.Select(column => Cell(column.Of(scored[row])))]));
        }

        return null;
    }

    public void End(Stream stream, IReadOnlyList<StoredGroup> groups)
    {
    }

    private static string Cell(object? value) => value switch
    {
        null => "",
        double score => score.ToString("R", CultureInfo.InvariantCulture),
        bool flag => flag ? "true" : "false",
        IReadOnlyList<string> labels => AddedColumn.Joined(labels),
        _ => (string)value,
    };

    private string Line(IEnumerable<string> cells) =>
        $"{string.Join(delimiter, cells.Select(cell => CsvText.Cell(cell, delimiter, options.KeepFormulas)))}\n";
}
