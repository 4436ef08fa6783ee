using System.Text;

namespace LoraOnnx.Serving.Security;

/// <summary>The text of a file of keys or certificates, read once; or why there is none.</summary>
/// <param name="Path">The file.</param>
/// <param name="Text">What it holds; null where it cannot be read.</param>
/// <param name="Failure">Why not.</param>
internal sealed record FileText(string Path, string? Text, InputException? Failure)
{
    /// <summary>Far more than a file of keys or a chain of certificates has.</summary>
    private const int MostBytes = 4 << 20;

    /// <summary>The text.</summary>
    /// <exception cref="InputException">There is none.</exception>
    public string Required => Text ?? throw Failure!; // one of the two is set

    public static FileText Read(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            using var bytes = new MemoryStream();
            var part = new byte[8192];
            for (var length = stream.Read(part); length > 0 && bytes.Length <= MostBytes; length = stream.Read(part))
            {
                bytes.Write(part.AsSpan(0, length));
            }

            return bytes.Length <= MostBytes
                ? new FileText(path, Encoding.UTF8.GetString(bytes.GetBuffer().AsSpan(0, (int)bytes.Length)).TrimStart('\uFEFF'), null)
                : new FileText(path, null, InputException.InFile(path, $"is larger than {MostBytes >> 20} MiB."));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return new FileText(path, null, InputException.Unreadable(path, failure));
        }
    }
}
