using LoraOnnx.Kernels.Products;

namespace LoraOnnx.Kernels.Encoder;

/// <summary>What a linear needs beside a block of rows.</summary>
internal readonly unsafe ref struct BlockSpace
{
    /// <summary>Takes it from scratch that has <see cref="Bytes"/> for it.</summary>
    public BlockSpace(ref Scratch scratch, int roundedBytes)
    {
        Rounded = scratch.Take<byte>((long)RowBlocks.Largest * roundedBytes);
        Factors = scratch.Take<float>(RowBlocks.Largest);
        Sums = scratch.Take<int>(RowBlocks.Largest * Panels.Columns);
    }

    /// <summary>Rounded rows.</summary>
    public byte* Rounded { get; }

    /// <summary>A factor for each.</summary>
    public float* Factors { get; }

    /// <summary>Sums of a panel.</summary>
    public int* Sums { get; }

    /// <summary>Bytes of it all.</summary>
    public static long Bytes(int roundedBytes) => RowBlocks.Largest * (roundedBytes + sizeof(float) + ((long)Panels.Columns * sizeof(int)));
}
