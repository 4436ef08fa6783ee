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

    public required string Device { get; init; }

    /// <summary>Rounding depends on how the work is shared out, and a repeated run shall have the same bits.</summary>
    public required int Threads { get; init; }

    /// <summary>Raised when the engine's arithmetic changes.</summary>
    public int Version { get; init; } = 4;

    /// <summary>The key as a file name.</summary>
    [JsonIgnore]
    public string FileName => $"{Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(this)))}.safetensors";
}

/// <summary>
/// Encoder features on disk, a file a set of texts: 4 bytes x width a text (DistilBERT-base: 3 KiB). The files may be deleted at any time. Shared by processes:
/// a file appears whole or not at all.
/// </summary>
internal sealed class FeatureCache
{
    private const string TensorName = "features";
    private readonly string _directory;
    private readonly Action<string> _warn;
    private bool _isUnwritable; // said once

    public FeatureCache(string directory, Action<string> warn)
    {
        _directory = directory;
        _warn = warn;
    }

    /// <summary><c>$XDG_CACHE_HOME/lora-onnx/features</c>, by default under <c>~/.cache</c>.</summary>
    public static string DefaultDirectory => UserCache.Folder("features");

    /// <summary>The features [texts][width] of a key, or null when they are not there or not whole.</summary>
    public float[][]? Find(FeatureKey key, int texts, int width)
    {
        var path = Path.Combine(_directory, key.FileName);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            using var file = SafetensorsFile.Open(path);
            return file.Contains(TensorName) && file.ShapeOf(TensorName).SequenceEqual([texts, width]) ? [.. file.Read(TensorName).Values.Chunk(width)] : null;
        }
        catch (InputException failure)
        {
            _warn($"cached features are computed anew: {failure.Message}");
            return null;
        }
    }

    /// <summary>Keeps features; a cache that cannot be written costs time, not the run.</summary>
    public void Keep(FeatureKey key, float[][] features)
    {
        try
        {
            Directory.CreateDirectory(_directory);
            var values = features.SelectMany(row => row).ToArray();
            SafetensorsWriter.Write(Path.Combine(_directory, key.FileName), [new NamedTensor(TensorName, [features.Length, features[0].Length], values)]);
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
}
