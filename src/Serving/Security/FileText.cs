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
            var bytes = ForeignFile.ReadBytes(path, MostBytes, "a file of keys or certificates", CancellationToken.None);
            return new FileText(path, Encoding.UTF8.GetString(bytes).TrimStart('\uFEFF'), null);
        }
        catch (InputException failure)
        {
            return new FileText(path, null, failure);
        }
    }
}
