using LoraOnnx.Client;
using LoraOnnx.Inference;
using LoraOnnx.Scoring.Shards;
using LoraOnnx.Texts;

namespace LoraOnnx.Scoring;

/// <summary>Everything that decides what is scored and where it goes.</summary>
internal sealed record ScoreOptions
{
    /// <summary>An ONNX file or its directory, or a server's <c>http://HOST:PORT/MODEL</c>.</summary>
    public required string Model { get; init; }

    /// <summary>The file of texts; <c>-</c>: standard input.</summary>
    public required string In { get; init; }

    /// <summary>The file with the scores; of a shard, what its name is made from.</summary>
    public required string Out { get; init; }

    /// <summary>Columns and encoding of the file of texts.</summary>
    public TextOptions Texts { get; init; } = new();

    /// <summary>Which part of the rows; null: all.</summary>
    public Shard? Shard { get; init; }

    /// <summary>End at the first row that cannot be read, instead of saying so in its place.</summary>
    public bool Strict { get; init; }

    /// <summary>Begin anew where a stopped run left something.</summary>
    public bool Restart { get; init; }

    /// <summary>Write cells of CSV that a spreadsheet would compute as they are.</summary>
    public bool KeepFormulas { get; init; }

    /// <summary>Begin CSV with a byte order mark.</summary>
    public bool ByteOrderMark { get; init; }

    /// <summary>What the layers compute in.</summary>
    public PrecisionRule Precision { get; init; } = PrecisionRule.Auto;

    /// <summary>Key for a server; null: none.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Threads that compute; at least 1. The scores do not depend on it.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>True for a server.</summary>
    public bool IsServer => ServerAddress.Is(Model);

    /// <summary>The file that this run writes.</summary>
    public string Target => Shard?.NameOf(Out) ?? Out;
}
