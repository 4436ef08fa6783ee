using System.Security.Cryptography;
using System.Text;

namespace LoraOnnx.Hub;

/// <summary>Compares a file with the hash that names it: SHA-256 of large files, git's SHA-1 of small ones.</summary>
public static class BlobHash
{
    private const int Sha256Digits = 64;
    private const int GitDigits = 40;

    /// <summary>Null when the file is what the etag says (or the etag is no hash), else the hash that was found.</summary>
    public static string? Mismatch(string path, string etag)
    {
        if (!etag.All(char.IsAsciiHexDigitLower) || etag.Length is not (Sha256Digits or GitDigits))
        {
            return null;
        }

        var found = etag.Length == Sha256Digits ? Files.ContentHash.OfFile(path) : GitHash(path);
        return found == etag ? null : found;
    }

    /// <summary>What git calls a blob.</summary>
    private static string GitHash(string path)
    {
#pragma warning disable CA5350 // git's name of a file, which the hub gives, is a SHA-1
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
#pragma warning restore CA5350
        using var stream = ForeignFile.Open(path);
        hash.AppendData(Encoding.ASCII.GetBytes($"blob {stream.Length}\0"));
        var buffer = new byte[1 << 16];
        for (int read; (read = stream.Read(buffer)) > 0;)
        {
            hash.AppendData(buffer, 0, read);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
