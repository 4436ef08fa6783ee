namespace LoraOnnx.Texts;

/// <summary>What the columns of texts and labels are called where nobody says; the first name that is there counts.</summary>
internal static class ColumnNames
{
    public static IReadOnlyList<string> Text { get; } = ["text", "sentence", "review", "content", "body", "comment"];

    public static IReadOnlyList<string> Label { get; } = ["label", "labels", "sentiment", "class", "rating", "stars"];
}
