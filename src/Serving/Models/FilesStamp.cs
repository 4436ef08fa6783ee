namespace LoraOnnx.Serving.Models;

/// <summary>Tells whether the files of a model changed, from names, sizes and times.</summary>
internal static class FilesStamp
{
    /// <summary>A stamp of all files beside the ONNX file; empty where there is no such directory.</summary>
    public static string Of(string path)
    {
        try
        {
            return string.Join('|', new DirectoryInfo(ModelSource.DirectoryOf(path)).EnumerateFiles()
                .OrderBy(file => file.Name, StringComparer.Ordinal)
                .Select(file => $"{file.Name}/{file.Length}/{file.LastWriteTimeUtc.Ticks}"));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return ""; // gone, or going while it is looked at: the next look sees what became of it
        }
    }
}
