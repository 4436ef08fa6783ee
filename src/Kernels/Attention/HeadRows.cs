namespace LoraOnnx.Kernels.Attention;

/// <summary>One head of one text in memory: rows of queries, keys and values in fp32, and where the result goes.</summary>
internal unsafe struct HeadRows
{
    /// <summary>The first query, and numbers from a query to the next.</summary>
    public float* Queries;
    public int QueryStride;

    /// <summary>How many queries: all tokens of the text, or its first.</summary>
    public int QueryCount;

    /// <summary>The first key and the first value, and numbers from one to the next.</summary>
    public float* Keys;
    public float* Values;
    public int KeyStride;

    /// <summary>Tokens of the text.</summary>
    public int KeyCount;

    /// <summary>Numbers of a query, a key, a value, a result.</summary>
    public int Width;

    /// <summary>The first result, and numbers from one to the next.</summary>
    public float* Result;
    public int ResultStride;
}
