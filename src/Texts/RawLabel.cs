using System.Text.Json;

namespace LoraOnnx.Texts;

/// <summary>A label, or a list of them, as a file has it: not yet held against any classes.</summary>
/// <param name="IsList">True for a list, which may be empty.</param>
/// <param name="Cells">The elements; one where it is no list.</param>
public sealed record RawLabel(bool IsList, IReadOnlyList<LabelCell> Cells)
{
    /// <summary>A single label.</summary>
    public static RawLabel One(LabelCell cell) => new(false, [cell]);

    /// <summary>A JSON value.</summary>
    public static RawLabel Of(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array ? new(true, [.. value.EnumerateArray().Select(LabelCell.Of)]) : One(LabelCell.Of(value));
}
