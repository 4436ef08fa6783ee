using System.Security.Cryptography;

namespace LoraOnnx.Files;

/// <summary>The identity of content: lower-case hexadecimal SHA-256, as <c>sha256sum</c> prints it.</summary>
public static class ContentHash
{
    /// <summary>SHA-256 of a file's bytes.</summary>
    public static string OfFile(string path)
    {
        using var stream = ForeignFile.Open(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    /// <summary>SHA-256 of several files, in the order given; their names do not count.</summary>
    public static string OfFiles(IEnumerable<string> paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var path in paths)
        {
            hash.AppendData(Convert.FromHexString(OfFile(path)));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
