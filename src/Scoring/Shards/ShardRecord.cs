using System.Text.Json;
using LoraOnnx.Scoring.Output;

namespace LoraOnnx.Scoring.Shards;

/// <summary>What stands beside a shard's file: which part it is, and all that --join holds against the other parts.</summary>
internal sealed record ShardRecord(int Number, int Count, ScoringRecord Run, long HeadBytes, long Bytes, IReadOnlyList<FinishedChunk> Chunks)
{
    private const int LargestFile = 64 << 20;

    public static string PathOf(string file) => $"{file}.shard.json";

    public void Save(string file) => AtomicFile.WriteText(PathOf(file), $"{JsonSerializer.Serialize(this)}\n");

    /// <summary>The record of a file that is there and whole; null where there is none.</summary>
    /// <exception cref="InputException">The record is damaged.</exception>
    public static ShardRecord? Find(string file, CancellationToken cancellationToken)
    {
        var path = PathOf(file);
        if (!File.Exists(path) || !File.Exists(file))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<ShardRecord>(ForeignFile.ReadText(path, LargestFile, "a record of a shard", cancellationToken));
        }
        catch (JsonException failure)
        {
            throw InputException.InFile(path, $"is not the record of a shard: {failure.Message}", "score that shard again.", failure);
        }
    }
}
