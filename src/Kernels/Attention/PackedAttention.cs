namespace LoraOnnx.Kernels.Attention;

/// <summary>softmax(q·kᵀ/√d)·v over texts that lie end to end, without padding. May be run by several callers at once.</summary>
internal sealed unsafe class PackedAttention
{
    private readonly IHeadAttention _attention;
    private readonly int _heads;
    private readonly int _width;
    private readonly int _maxTokens;
    private readonly ScratchPool _scratch;

    public PackedAttention(IHeadAttention attention, int heads, int headWidth, int maxTokens)
    {
        (_attention, _heads, _width, _maxTokens) = (attention, heads, headWidth, maxTokens);
        _scratch = new ScratchPool(attention.ScratchBytes(maxTokens, headWidth));
    }

    /// <summary>Numbers of a row: all heads.</summary>
    public int Width => _heads * _width;

    /// <summary>Looks at the lengths of the texts, says in which row each begins, and how many rows there are.</summary>
    public int Place(in AttentionRows rows, ref int[] firsts)
    {
        if (firsts.Length < rows.Texts)
        {
            firsts = new int[rows.Texts];
        }

        var tokens = 0;
        for (var text = 0; text < rows.Texts; text++)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(rows.Lengths[text], _maxTokens, nameof(rows));
            ArgumentOutOfRangeException.ThrowIfLessThan(rows.Lengths[text], 1, nameof(rows));
            firsts[text] = tokens;
            tokens += rows.Lengths[text];
        }

        return tokens;
    }

    /// <summary>Items of work: heads of texts, which any threads may do in any order.</summary>
    public int Items(in AttentionRows rows) => rows.Texts * _heads;

    /// <summary>One of them.</summary>
    public void Run(in AttentionRows rows, int[] firsts, int item)
    {
        var (text, head) = Math.DivRem(item, _heads);
        var buffer = _scratch.Rent();
        _attention.Run(Head(rows, text, firsts[text], head), buffer);
        _scratch.Return(buffer);
    }

    private HeadRows Head(in AttentionRows rows, int text, int first, int head)
    {
        nint query = rows.OneQueryEach ? text : first;
        return new HeadRows
        {
            Queries = rows.Queries + (query * rows.QueryStride) + (head * _width),
            QueryStride = rows.QueryStride,
            QueryCount = rows.OneQueryEach ? 1 : rows.Lengths[text],
            Keys = rows.Keys + ((nint)first * rows.KeyStride) + (head * _width),
            Values = rows.Values + ((nint)first * rows.KeyStride) + (head * _width),
            KeyStride = rows.KeyStride,
            KeyCount = rows.Lengths[text],
            Width = _width,
            Result = rows.Result + (query * Width) + (head * _width),
            ResultStride = Width,
        };
    }
}
