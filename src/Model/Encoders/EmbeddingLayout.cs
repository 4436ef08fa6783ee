namespace LoraOnnx.Model.Encoders;

/// <summary>How token ids become the first hidden state: norm(words[id] + positions[place] + token types[0]).</summary>
public sealed record EmbeddingLayout
{
    /// <summary>The word embedding [vocabulary, width].</summary>
    public required TensorSpec Words { get; init; }

    /// <summary>The position embedding [positions, width].</summary>
    public required TensorSpec Positions { get; init; }

    /// <summary>The token-type embedding [types, width], of which a single text takes row 0; null where the family has none.</summary>
    public TensorSpec? TokenTypes { get; init; }

    /// <summary>The layer norm after the sum.</summary>
    public required NormLayout Norm { get; init; }

    /// <summary>Row of <see cref="Positions"/> of a text's first token.</summary>
    public int FirstPosition { get; init; }

    /// <summary>The token over which positions do not count, as RoBERTa has it: it takes the row before <see cref="FirstPosition"/>. Null where every
    /// token counts.</summary>
    public int? UncountedToken { get; init; }

    /// <summary>Positions are fixed sines and cosines, so the checkpoint may leave them out.</summary>
    public bool IsSinusoidal { get; init; }

    /// <summary>Longest text in tokens, special ones included.</summary>
    public int MaxTokens => Positions.Rows - FirstPosition;

    /// <summary>All tensors, in the order of the checkpoint.</summary>
    public IEnumerable<TensorSpec> Tensors => [Words, Positions, .. TokenTypes is { } types ? (TensorSpec[])[types] : [], .. Norm.Tensors];

    /// <summary>The row of the position embedding of each token of a text.</summary>
    /// <param name="ids">The text's ids, without padding around it.</param>
    /// <param name="rows">As long as <paramref name="ids"/>; filled.</param>
    public void FillPositions(ReadOnlySpan<int> ids, Span<int> rows)
    {
        var next = FirstPosition;
        for (var token = 0; token < ids.Length; token++)
        {
            rows[token] = ids[token] == UncountedToken ? FirstPosition - 1 : next++;
        }
    }
}
