using System.Text.Json;

namespace LoraOnnx.Texts;

/// <summary>
/// Names of the classes that the numbers of a column stand for, as the <c>datasets</c> library writes them into a Parquet file's metadata under
/// <c>huggingface</c>:
/// <c>{"info": {"features": {"label": {"names": ["neg", "pos"], "_type": "ClassLabel"}}}}</c>.
/// </summary>
internal static class ClassLabelNames
{
    /// <summary>The key of the metadata.</summary>
    public const string MetadataKey = "huggingface";

    private const string Unlabelled = "-1"; // the library's number of a row without a label

    /// <summary>The names of a column's classes, or null where it has none: no such metadata, or another kind of feature.</summary>
    public static IReadOnlyList<string>? Of(string? metadata, string column)
    {
        if (metadata is null)
        {
            return null;
        }

        try
        {
            using var json = BoundedJson.Parse(System.Text.Encoding.UTF8.GetBytes(metadata));
            return json.RootElement is { ValueKind: JsonValueKind.Object } root
                && Member(root, "info") is { } info && Member(info, "features") is { } features && Member(features, column) is { } feature
                ? Names(feature) ?? (Member(feature, "feature") is { } inner ? Names(inner) : null)
                : null;
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            return null; // another tool's words under that key
        }
    }

    /// <summary>The cell with its number's name in place of the number.</summary>
    /// <exception cref="InputException">There is no name for the number.</exception>
    public static LabelCell Named(IReadOnlyList<string> names, LabelCell cell, RowPlace place)
    {
        if (cell.Kind != LabelKind.Whole)
        {
            return cell;
        }

        return int.TryParse(cell.Text, out var number) && number >= 0 && number < names.Count
            ? new LabelCell(LabelKind.Word, names[number]) { ClassNumber = number }
            : throw place.Error(cell.Text == Unlabelled ? $"'label' is -1, which stands for no label."
                : $"'label' is {cell.Text}, the file names {names.Count} classes ({string.Join(", ", names.Take(6))}).");
    }

    private static JsonElement? Member(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : null;

    private static string[]? Names(JsonElement feature) => Member(feature, "names") is { ValueKind: JsonValueKind.Array } names
        && names.EnumerateArray().All(name => name.ValueKind == JsonValueKind.String) ? [.. names.EnumerateArray().Select(name => JsonText.Of(name))]
            : null;
}
