using System.Text.Json;

namespace LoraOnnx.Texts;

/// <summary>The label of a row of a table: a name, a number, a JSON list, or columns of 0 and 1.</summary>
internal static class DelimitedLabel
{
    public static (RawLabel? Label, InputException? Problem) Of(ColumnRoles roles, IReadOnlyList<string> cells, RowPlace place) =>
        roles.LabelColumns.Count > 0 ? FlagColumns.Of(roles, column => new LabelCell(LabelKind.Word, cells[column]), place)
            : (OfCell(cells[roles.Label!.Value]), null); // labels are read, so there is a column of them

    /// <summary>What one cell says.</summary>
    public static RawLabel OfCell(string cell) =>
        cell.AsSpan().TrimStart().StartsWith("[") && List(cell) is { } list ? list : RawLabel.One(new LabelCell(LabelKind.Word, cell));

    private static RawLabel? List(string cell)
    {
        try
        {
            using var list = JsonDocument.Parse(cell.Trim());
            return RawLabel.Of(list.RootElement);
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            return null; // a name that begins so, or a damaged list: who knows the classes can tell
        }
    }
}
