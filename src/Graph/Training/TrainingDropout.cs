namespace LoraOnnx.Graph.Training;

/// <summary>How much a training step drops, 0 to 1 each.</summary>
public sealed record TrainingDropout
{
    /// <summary>Of embeddings, and of what a block's feed-forward part gives.</summary>
    public double Hidden { get; init; }

    /// <summary>Of what a block's attention gives.</summary>
    public double AttentionOutput { get; init; }

    /// <summary>Of attention weights.</summary>
    public double Attention { get; init; }

    /// <summary>Of the input of adapters.</summary>
    public double Adapters { get; init; }

    /// <summary>Of the input of the head's linears that have dropout before them.</summary>
    public double Head { get; init; }
}

/// <summary>Of what a mask is.</summary>
public enum DropoutRows
{
    /// <summary>[tokens, columns].</summary>
    Tokens,

    /// <summary>[texts, columns].</summary>
    Texts,

    /// <summary>Attention weights of all queries [texts, columns = heads, width, width].</summary>
    Queries,

    /// <summary>Attention weights of the texts' first tokens [texts, columns = heads, 1, width].</summary>
    FirstQueries,
}

/// <summary>A mask that a step takes: 0 for what is dropped, 1/(1 − probability) for what is kept.</summary>
/// <param name="Input">Name of the graph's input.</param>
/// <param name="Rows">Of what.</param>
/// <param name="Columns">Numbers in a row, or heads.</param>
/// <param name="Probability">How much is dropped.</param>
public sealed record DropoutPlace(string Input, DropoutRows Rows, int Columns, double Probability);
