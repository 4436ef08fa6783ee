namespace LoraOnnx.Kernels.Attention;

/// <summary>Where the rows of a batch are: queries, keys and values in fp32, all heads side by side, texts end to end.</summary>
internal unsafe struct AttentionRows
{
    /// <summary>The first query; a row a token, or one a text where <see cref="OneQueryEach"/>.</summary>
    public float* Queries { get; set; }

    /// <summary>Numbers from a query to the next.</summary>
    public int QueryStride { get; set; }

    /// <summary>Whether only the first token of each text asks.</summary>
    public bool OneQueryEach { get; set; }

    /// <summary>The first key.</summary>
    public float* Keys { get; set; }

    /// <summary>The first value.</summary>
    public float* Values { get; set; }

    /// <summary>Numbers from a key to the next, and from a value to the next.</summary>
    public int KeyStride { get; set; }

    /// <summary>Tokens of each text, all at least 1.</summary>
    public int* Lengths { get; set; }

    /// <summary>How many texts.</summary>
    public int Texts { get; set; }

    /// <summary>The first row of the result; a row a query, all heads side by side and nothing between rows.</summary>
    public float* Result { get; set; }
}
