namespace LoraOnnx.Evaluation;

/// <summary>This program, for the reader of a file that it wrote.</summary>
internal static class Tool
{
    public static string Version { get; } = typeof(Tool).Assembly.GetName().Version?.ToString(3) ?? "0";
}
