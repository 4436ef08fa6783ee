namespace LoraOnnx.Reports.Pages;

/// <summary>report.css, ours and so markup.</summary>
internal static class StyleSheet
{
    public static string Text { get; } = Read();

    private static string Read()
    {
        using var stream = typeof(StyleSheet).Assembly.GetManifestResourceStream("report.css")!; // embedded by the project file
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
