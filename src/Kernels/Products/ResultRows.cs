namespace LoraOnnx.Kernels.Products;

/// <summary>Where the outputs of a linear go.</summary>
internal readonly unsafe struct ResultRows
{
    /// <summary>A result larger than this is no longer in the second-level cache when it is read.</summary>
    private const long LargeBytes = 4 << 20;

    private ResultRows(float* first, nint stride, bool isStreamed)
    {
        First = first;
        (Stride, IsStreamed) = (stride, isStreamed);
    }

    /// <summary>The first row.</summary>
    public float* First { get; }

    /// <summary>Numbers from a row to the next.</summary>
    public nint Stride { get; }

    /// <summary>Whether they are written past the caches, which need not read them first then; all rows start on 64-byte boundaries.</summary>
    public bool IsStreamed { get; }

    /// <summary>Rows that are read again at once.</summary>
    public static ResultRows Near(float* first, nint stride) => new(first, stride, isStreamed: false);

    /// <summary>
    /// So many rows end to end, which are written once and read when all are: by then every thread has said so with a locked instruction, which waits
    /// for what went past the caches.
    /// </summary>
    public static ResultRows All(float* first, int rows, int columns)
    {
        var isLarge = (long)rows * columns * sizeof(float) > LargeBytes;
        return new(first, columns, isLarge && ((nint)first | (columns * sizeof(float))) % AlignedBuffer.Alignment == 0);
    }

    /// <summary>The same from another row on.</summary>
    public ResultRows From(int row) => new(First + (row * Stride), Stride, IsStreamed);
}
