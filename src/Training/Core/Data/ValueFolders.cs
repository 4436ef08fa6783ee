using System.Security.Cryptography;
using System.Text;

namespace LoraOnnx.Training.Data;

/// <summary>Folders for the runs of values: names under which lora-serve serves them, and which any file system keeps apart.</summary>
internal static class ValueFolders
{
    /// <summary>The run on all texts.</summary>
    public const string Pooled = "all";

    private const int LongestName = 64;
    private const int HashCharacters = 8;

    /// <summary>Names that Windows keeps for devices, whatever follows a dot.</summary>
    private static readonly string[] _devices = ["CON", "PRN", "AUX", "NUL"];

    /// <summary>
    /// A folder for each value, in their order: the value itself where that is a safe name that no other differs from by case alone; else what is
    /// safe of it, and a hash of the value.
    /// </summary>
    public static IReadOnlyList<string> Of(IReadOnlyList<string> values)
    {
        var counts = values.Append(Pooled).GroupBy(value => value, StringComparer.OrdinalIgnoreCase)
            .ToDictionary(same => same.Key, same => same.Count(), StringComparer.OrdinalIgnoreCase);
        string[] folders = [.. values.Select(value => IsSafe(value) && counts[value] == 1 ? value : Marked(value))];
        return folders.GroupBy(folder => folder, StringComparer.OrdinalIgnoreCase).FirstOrDefault(same => same.Count() > 1) is { Key: { } twice }
            ? throw new InputException($"two values would have the same folder, {twice}.", "give one of them another name.")
            : folders;
    }

    private static bool IsSafe(string value) => value.Length is > 0 and <= LongestName && value.All(IsSafe) && !value.EndsWith('.')
        && char.IsAsciiLetterOrDigit(value[0]) && !value.EndsWith(AtomicFile.TemporarySuffix, StringComparison.OrdinalIgnoreCase)
        && !IsDevice(value);

    private static bool IsSafe(char letter) => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '_';

    private static bool IsDevice(string value)
    {
        var stem = value.Split('.')[0];
        return _devices.Contains(stem, StringComparer.OrdinalIgnoreCase) || (stem.Length == 4 && char.IsAsciiDigit(stem[3])
            && (stem.StartsWith("COM", StringComparison.OrdinalIgnoreCase) || stem.StartsWith("LPT", StringComparison.OrdinalIgnoreCase)));
    }

    private static string Marked(string value)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Utf16(value)))[..HashCharacters];
        var safe = string.Concat(value.Select(letter => IsSafe(letter) ? letter : '-')).Trim('-', '.', '_');
        var start = safe[..Math.Min(safe.Length, LongestName - HashCharacters - 1)].TrimEnd('.');
        return $"{(start.Length == 0 ? "value" : start)}-{hash}";
    }

    /// <summary>UTF-16 keeps lone surrogates apart.</summary>
    private static byte[] Utf16(string value) => Encoding.Unicode.GetBytes(value);
}
