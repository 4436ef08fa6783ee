using LoraOnnx.Scoring.Input;
using LoraOnnx.Texts.Parquet;

namespace LoraOnnx.Scoring.Output;

/// <summary>A format of the output. What a chunk becomes depends on the chunk alone.</summary>
internal interface IScoredFile
{
    /// <summary>Writes what stands before the first row.</summary>
    void Begin(Stream stream);

    /// <summary>Writes rows; what a file's end has to say of them, or null.</summary>
    StoredGroup? Write(Stream stream, Chunk chunk, IReadOnlyList<ScoredText> scored);

    /// <summary>Writes what stands behind the last row.</summary>
    void End(Stream stream, IReadOnlyList<StoredGroup> groups);
}
