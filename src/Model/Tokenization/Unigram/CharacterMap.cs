using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace LoraOnnx.Model.Tokenization.Unigram;

/// <summary>
/// SentencePiece's precompiled character map: a double array of UTF-8 keys, and what they become. Where the array leads outside of itself there
/// is no entry, so that no file makes it throw.
/// </summary>
internal sealed class CharacterMap
{
    /// <summary>NFKC's longest, U+FDFA, has 33.</summary>
    private const int LongestResult = 256;

    private readonly uint[] _units;
    private readonly byte[] _results; // each ends with a zero byte
    private readonly ConcurrentDictionary<int, string> _read = new(); // by their place, as texts ask for them

    private CharacterMap(uint[] units, byte[] results, string hash)
    {
        _units = units;
        _results = results;
        Hash = hash;
    }

    /// <summary>SHA-256 of the map.</summary>
    public string Hash { get; }

    /// <param name="path">The file that it comes from, for errors.</param>
    /// <param name="bytes">The array's size in bytes, the array, the results.</param>
    public static CharacterMap Parse(string path, ReadOnlySpan<byte> bytes)
    {
        var size = bytes.Length >= 4 ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : 0;
        if (size is 0 || size % 4 != 0 || size > bytes.Length - 4)
        {
            throw InputException.InFile(path, $"'precompiled_charsmap' has {bytes.Length} bytes and an array of {size}.", "the file is damaged.");
        }

        var units = new uint[size / 4];
        for (var index = 0; index < units.Length; index++)
        {
            units[index] = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(4 + (4 * index))..]);
        }

        var results = bytes[(int)(4 + size)..].ToArray();
        if (!System.Text.Unicode.Utf8.IsValid(results) || LongestRun(results) > LongestResult)
        {
            throw InputException.InFile(path, $"'precompiled_charsmap' has results that are not UTF-8 or of more than {LongestResult} bytes.",
                "the file is damaged.");
        }

        return new CharacterMap(units, results, Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    /// <summary>
    /// What a text becomes: the result of the shortest key that it begins with, as in Hugging Face's tokenizers; null where there is none.
    /// </summary>
    public string? Find(ReadOnlySpan<byte> text)
    {
        var node = Offset(_units[0]);
        foreach (var label in text)
        {
            node ^= label;
            if (label == 0 || node >= (uint)_units.Length || (_units[node] & 0x800000FF) != label)
            {
                return null;
            }

            var unit = _units[node];
            node ^= Offset(unit);
            if ((unit & 0x100) != 0) // a key ends here; its value is where the empty label leads
            {
                return node < (uint)_units.Length ? Result((int)(_units[node] & 0x7FFFFFFF)) : null;
            }
        }

        return null;
    }

    private static uint Offset(uint unit) => (unit >> 10) << (int)((unit & 0x200) >> 6);

    private string? Result(int start)
    {
        if (start >= _results.Length)
        {
            return null;
        }

        return _read.GetOrAdd(start, static (from, results) => Read(results, from), _results);
    }

    private static string Read(byte[] results, int start)
    {
        var length = results.AsSpan(start).IndexOf((byte)0);
        return Encoding.UTF8.GetString(results, start, length < 0 ? results.Length - start : length);
    }

    private static int LongestRun(ReadOnlySpan<byte> results)
    {
        var longest = 0;
        while (results.Length > 0)
        {
            var length = results.IndexOf((byte)0) is >= 0 and var end ? end : results.Length;
            longest = Math.Max(longest, length);
            results = results[Math.Min(length + 1, results.Length)..];
        }

        return longest;
    }
}
