using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using LoraOnnx.Scoring.Input;
using LoraOnnx.Texts;
using LoraOnnx.Texts.Parquet;

namespace LoraOnnx.Scoring.Output;

/// <summary>JSON lines: the row's own keys and values first, numbers and nested values digit by digit as they were.</summary>
internal sealed class JsonLinesOutput(ScoredColumns columns) : IScoredFile
{
    public void Begin(Stream stream)
    {
    }

    public StoredGroup? Write(Stream stream, Chunk chunk, IReadOnlyList<ScoredText> scored)
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(false), 1 << 16, leaveOpen: true);
        var line = new StringBuilder();
        for (var row = 0; row < chunk.Count; row++)
        {
            line.Clear();
            Kept(line, chunk.Cells[row]);
            Added(line, scored[row]);
            writer.Write(line.Append("}\n"));
        }

        return null;
    }

    public void End(Stream stream, IReadOnlyList<StoredGroup> groups)
    {
    }

    /// <summary>A cell as JSON.</summary>
    public static string Json(LabelCell? cell) => cell is null ? "null" : cell.Value.Kind switch
    {
        LabelKind.Word => Text(cell.Value.Text),
        LabelKind.Decimal when cell.Value.Text is "NaN" or "Infinity" or "-Infinity" => Text(cell.Value.Text), // which JSON has no numbers for
        _ => cell.Value.Text,
    };

    private void Kept(StringBuilder line, TextRow row)
    {
        for (var cell = 0; cell < row.Cells.Count; cell++)
        {
            Key(line, columns.Names[row.Names[cell]]).Append(Json(row.Cells[cell]));
        }
    }

    private void Added(StringBuilder line, ScoredText scored)
    {
        var task = columns.Task;
        var verdict = scored.Verdict;
        Key(line, "label").Append(verdict is null ? "null" : Text(task.Labels[verdict.Label]));
        if (task.IsMultiLabel)
        {
            Key(line, "labels");
            line.Append(verdict is null ? "null" : $"[{string.Join(", ", verdict.Holding.Select(label => Text(task.Labels[label])))}]");
        }

        Key(line, "score").Append(verdict is null ? "null" : Number(verdict.Scores[verdict.Label]));
        for (var label = 0; label < task.Labels.Count; label++)
        {
            Key(line, $"score_{task.Labels[label]}").Append(verdict is null ? "null" : Number(verdict.Scores[label]));
        }

        Key(line, "truncated").Append(verdict is null ? "null" : verdict.Truncated ? "true" : "false");
        Key(line, "error").Append(scored.Error is null ? "null" : Text(scored.Error));
    }

    private static StringBuilder Key(StringBuilder line, string name) => line.Append(line.Length == 0 ? "{" : ", ").Append(Text(name)).Append(": ");

    private static string Text(string text) => $"\"{JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(text)}\"";

    private static string Number(double score) => score.ToString("R", CultureInfo.InvariantCulture);
}
