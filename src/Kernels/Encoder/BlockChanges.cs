using LoraOnnx.Kernels.Adapters;

namespace LoraOnnx.Kernels.Encoder;

/// <summary>What adapters change in a block, by module; null: nothing.</summary>
public sealed record BlockChanges
{
    /// <summary>What makes queries, and in all blocks but the last keys and values beside them.</summary>
    public RowChange? Queries { get; init; }

    /// <summary>What makes the last block's keys and values.</summary>
    public RowChange? KeysValues { get; init; }

    /// <summary>The linear behind attention.</summary>
    public RowChange? Output { get; init; }

    /// <summary>The norm behind it.</summary>
    public RowChange? AttentionNorm { get; init; }

    /// <summary>The linear before the activation.</summary>
    public RowChange? Up { get; init; }

    /// <summary>The linear after it.</summary>
    public RowChange? Down { get; init; }

    /// <summary>The last norm.</summary>
    public RowChange? OutputNorm { get; init; }
}
