namespace LoraOnnx.Texts;

/// <summary>What the columns of labelled texts are called; the first name that is there counts.</summary>
internal static class ColumnNames
{
    /// <summary>SST-2 calls its texts sentences.</summary>
    public static string[] Text { get; } = ["text", "sentence"];

    /// <summary>Multi-label sets of the hub often say labels.</summary>
    public static string[] Label { get; } = ["label", "labels"];
}
