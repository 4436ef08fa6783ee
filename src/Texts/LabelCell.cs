using System.Text.Json;

namespace LoraOnnx.Texts;

/// <summary>What a cell is written as.</summary>
public enum LabelKind
{
    /// <summary>A string: a name, or a number in quotes.</summary>
    Word,

    /// <summary>A number without a point: the index of a class.</summary>
    Whole,

    /// <summary>A number with a point. In a list such numbers are flags, as Hugging Face writes the targets of multi-label models.</summary>
    Decimal,

    /// <summary>true or false.</summary>
    Truth,

    /// <summary>Nothing that a label can be.</summary>
    Other,
}

/// <summary>One label, or another cell of a row, as a file has it; <paramref name="Text"/> without quotes.</summary>
public readonly record struct LabelCell(LabelKind Kind, string Text)
{
    /// <summary>Where a file names its classes (Parquet's ClassLabel): the number that stood there, and <see cref="Text"/> is its name.</summary>
    public int? ClassNumber { get; init; }

    /// <summary>True when the cell says whether a class holds, not which one does.</summary>
    public bool IsFlag => Kind is LabelKind.Decimal or LabelKind.Truth;

    /// <summary>A JSON value as a cell.</summary>
    public static LabelCell Of(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => new(LabelKind.Word, JsonText.Of(value)),
        JsonValueKind.Number => value.GetRawText() is var digits && digits.AsSpan().IndexOfAny(".eE") >= 0
            ? new(LabelKind.Decimal, digits) : new(LabelKind.Whole, digits),
        JsonValueKind.True or JsonValueKind.False => new(LabelKind.Truth, value.GetRawText()),
        _ => new(LabelKind.Other, value.GetRawText()),
    };
}
