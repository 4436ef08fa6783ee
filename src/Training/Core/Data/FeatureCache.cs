using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Training.Data;

/// <summary>All that decides the features of a set of texts; equal keys, equal features.</summary>
internal sealed record FeatureKey
{
    /// <summary>SHA-256 of the base's weights.</summary>
    public required string Base { get; init; }

    /// <summary>SHA-256 of the adapter in the encoder, or null.</summary>
    public required string? Adapter { get; init; }

    /// <summary>SHA-256 of what decides the ids.</summary>
    public required string Tokenizer { get; init; }

    /// <summary>SHA-256 of the texts.</summary>
    public required string Texts { get; init; }

    public required int MaxLength { get; init; }

    public required string Truncate { get; init; }

    public required string Precision { get; init; }

    public required string Engine { get; init; }

    public required string Device { get; init; }

    /// <summary>Rounding depends on how the work is shared out, and a repeated run shall have the same bits.</summary>
    public required int Threads { get; init; }

    /// <summary>Raised when the engine's arithmetic changes.</summary>
    public int Version { get; init; } = 5;

    /// <summary>Ends the names of the cache's files.</summary>
    public const string Extension = ".safetensors";

    /// <summary>Characters of such a name: a hash and the extension.</summary>
    public static int FileNameLength => (2 * SHA256.HashSizeInBytes) + Extension.Length;

    /// <summary>The key as a file name.</summary>
    [JsonIgnore]
    public string FileName => Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(this))) + Extension;
}

/// <summary>
/// Encoder features on disk, a file a set of texts: 4 bytes x width a text (DistilBERT-base: 3 KiB). Bounded: what was used least recently goes
/// first. The files may be deleted at any time. Shared by processes: a file appears whole or not at all.
/// </summary>
internal sealed class FeatureCache
{
    /// <summary>Numbers in one tensor of a file: a tensor holds fewer than 2^31, a set of texts may have more.</summary>
    private const int StandardBlockNumbers = 1 << 28;

    private readonly string _directory;
    private readonly long _mostBytes;
    private readonly int _blockNumbers;
    private readonly Action<string> _warn;
    private bool _isUnwritable; // said once

    /// <summary>A cache of at most <paramref name="gibibytes"/>; 0: nothing is kept or found.</summary>
    public FeatureCache(string directory, double gibibytes, Action<string> warn, int blockNumbers = StandardBlockNumbers)
    {
        _directory = directory;
        _mostBytes = (long)(gibibytes * (1L << 30));
        _warn = warn;
        _blockNumbers = blockNumbers;
    }

    /// <summary><c>$XDG_CACHE_HOME/lora-onnx/features</c>, by default under <c>~/.cache</c>.</summary>
    public static string DefaultDirectory => UserCache.Folder("features");

    /// <summary>The features [texts][width] of a key, or null when they are not there or not whole.</summary>
    public float[][]? Find(FeatureKey key, int texts, int width)
    {
        var path = Path.Combine(_directory, key.FileName);
        if (_mostBytes == 0 || !File.Exists(path))
        {
            return null;
        }

        try
        {
            var features = Read(path, texts, width);
            if (features is not null)
            {
                MarkUsed(path);
            }

            return features;
        }
        catch (InputException failure)
        {
            _warn($"cached features are computed anew: {failure.Message}");
            return null;
        }
    }

    /// <summary>Keeps features, and removes what was used least recently and is too much; a cache that cannot be written costs time, not the
    /// run.</summary>
    public void Keep(FeatureKey key, float[][] features)
    {
        if (4L * features.Length * features[0].Length > _mostBytes)
        {
            return; // larger than the whole cache
        }

        try
        {
            Directory.CreateDirectory(_directory);
            SafetensorsWriter.Write(Path.Combine(_directory, key.FileName), features.Chunk(RowsOf(features[0].Length)).Select((rows, block) =>
                new NamedTensor(NameOf(block), [rows.Length, rows[0].Length], [.. rows.SelectMany(row => row)])));
            RemoveLeastRecent();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or InputException)
        {
            if (!_isUnwritable)
            {
                _isUnwritable = true;
                _warn($"features are not cached: {failure.Message}");
            }
        }
    }

    private int RowsOf(int width) => Math.Max(1, _blockNumbers / width);

    private static string NameOf(int block) => $"features.{block:0000}";

    private float[][]? Read(string path, int texts, int width)
    {
        using var file = SafetensorsFile.Open(path);
        var features = new List<float[]>(texts);
        for (var block = 0; features.Count < texts; block++)
        {
            var name = NameOf(block);
            var rows = Math.Min(RowsOf(width), texts - features.Count);
            if (!file.Contains(name) || !file.ShapeOf(name).SequenceEqual([rows, width]))
            {
                return null;
            }

            features.AddRange(file.Read(name).Values.Chunk(width));
        }

        return [.. features];
    }

    /// <summary>A file's time of writing is when it was last of use: few file systems keep times of reading.</summary>
    private static void MarkUsed(string path)
    {
        try
        {
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // It may go sooner than it should, or is gone already.
        }
    }

    private void RemoveLeastRecent()
    {
        var left = _mostBytes;
        foreach (var file in new DirectoryInfo(_directory).GetFiles("*" + FeatureKey.Extension).Where(IsOurs)
            .OrderByDescending(file => file.LastWriteTimeUtc))
        {
            left -= file.Length;
            if (left < 0)
            {
                file.Delete();
            }
        }
    }

    /// <summary>Only files of the cache's own making go: named by a hash, and no links.</summary>
    private static bool IsOurs(FileInfo file) => file.LinkTarget is null && file.Name.Length == FeatureKey.FileNameLength;
}
