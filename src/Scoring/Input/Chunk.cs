using LoraOnnx.Texts;
using LoraOnnx.Texts.Parquet;

namespace LoraOnnx.Scoring.Input;

/// <summary>Rows that are read, scored and written together: a row group of Parquet, and what a stopped run keeps or loses.</summary>
internal sealed class Chunk
{
    /// <summary>Rows of every chunk but the last; shards are cut at its multiples.</summary>
    public const int Rows = 65_536;

    /// <summary>The text of each row; null for one that could not be read.</summary>
    public List<string?> Texts { get; } = [];

    /// <summary>Why a row could not be read; null for others.</summary>
    public List<InputException?> Problems { get; } = [];

    /// <summary>The rows with their cells; empty where <see cref="Stored"/> has them.</summary>
    public List<TextRow> Cells { get; } = [];

    /// <summary>The rows as a Parquet file stores them, the added columns still empty; null where <see cref="Cells"/> has them.</summary>
    public StoredTable? Stored { get; init; }

    /// <summary>Number of rows.</summary>
    public int Count => Texts.Count;
}
