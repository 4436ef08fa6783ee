using System.Globalization;
using System.Text;
using LoraOnnx.Scoring.Input;
using LoraOnnx.Texts;
using LoraOnnx.Texts.Parquet;

namespace LoraOnnx.Scoring.Output;

/// <summary>CSV or TSV with a header.</summary>
internal sealed class DelimitedOutput(ScoredColumns columns, IReadOnlyList<string> input, char delimiter, bool keepFormulas) : IScoredFile
{
    private readonly Dictionary<string, int> _places = input.Select((name, place) => (name, place)).DistinctBy(pair => pair.name)
        .ToDictionary(pair => pair.name, pair => pair.place, StringComparer.Ordinal);

    public void Begin(Stream stream) => stream.Write(Encoding.UTF8.GetBytes(Line([.. columns.Kept, .. columns.Added])));

    public StoredGroup? Write(Stream stream, Chunk chunk, IReadOnlyList<ScoredText> scored)
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(false), 1 << 16, leaveOpen: true);
        for (var row = 0; row < chunk.Count; row++)
        {
            writer.Write(Line([.. Kept(chunk.Cells[row]), .. Added(scored[row])]));
        }

        return null;
    }

    public void End(Stream stream, IReadOnlyList<StoredGroup> groups)
    {
    }

    private string[] Kept(TextRow row)
    {
        var cells = new string[columns.Kept.Count];
        Array.Fill(cells, "");
        for (var cell = 0; cell < row.Cells.Count; cell++)
        {
            var place = row.Names.Count == input.Count && row.Names[cell] == input[cell] ? cell : _places[row.Names[cell]];
            cells[place] = row.Cells[cell]?.Text ?? "";
        }

        return cells;
    }

    private IEnumerable<string> Added(ScoredText scored)
    {
        var task = columns.Task;
        var verdict = scored.Verdict;
        yield return verdict is null ? "" : task.Labels[verdict.Label];
        if (task.IsMultiLabel)
        {
            yield return verdict is null ? "" : string.Join('|', verdict.Holding.Select(label => task.Labels[label]));
        }

        yield return verdict is null ? "" : Number(verdict.Scores[verdict.Label]);
        foreach (var label in Enumerable.Range(0, task.Labels.Count))
        {
            yield return verdict is null ? "" : Number(verdict.Scores[label]);
        }

        yield return verdict is null ? "" : verdict.Truncated ? "true" : "false";
        yield return scored.Error ?? "";
    }

    private static string Number(double score) => score.ToString("R", CultureInfo.InvariantCulture);

    private string Line(IEnumerable<string> cells) =>
        $"{string.Join(delimiter, cells.Select(cell => CsvText.Cell(cell, delimiter, keepFormulas)))}\n";
}
