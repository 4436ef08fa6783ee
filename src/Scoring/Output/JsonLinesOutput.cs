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
            foreach (var column in columns.Added)
            {
                Key(line, column.Name).Append(Json(column.Of(scored[row])));
            }

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

    private static string Json(object? value) => value switch
    {
        null => "null",
        double score => score.ToString("R", CultureInfo.InvariantCulture),
        bool flag => flag ? "true" : "false",
        IReadOnlyList<string> labels => $"[{string.Join(", ", labels.Select(Text))}]",
        _ => Text((string)value),
    };

    private static StringBuilder Key(StringBuilder line, string name) => line.Append(line.Length == 0 ? "{" : ", ").Append(Text(name)).Append(": ");

    private static string Text(string text) => $"\"{JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(text)}\"";
}
