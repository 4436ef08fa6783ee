namespace LoraOnnx.Kernels.Products;

/// <summary>
/// The inner loop of a product: sums of a few rows of activations with one panel of weights. A row's sums are added in the order of k and in
/// registers of their own, so they have the same bits whatever rows stand beside it.
/// </summary>
internal unsafe interface IProductTile
{
    /// <summary>
    /// Writes the sums of <paramref name="rowCount"/> rows with the first columns of a panel. A step is four bytes of a row (one fp32, two bf16 or
    /// four 8-bit numbers) times 256 bytes of the panel; only the bytes of these steps are read.
    /// </summary>
    /// <param name="rows">First row of rounded activations.</param>
    /// <param name="rowBytes">Bytes from a row to the next.</param>
    /// <param name="rowCount">How many rows.</param>
    /// <param name="panel">The panel, 64-byte aligned.</param>
    /// <param name="steps">How many steps of k.</param>
    /// <param name="columns">How many columns are wanted, at most 64; sums of others may be left as they are.</param>
    /// <param name="sums">64 numbers of 32 bits for each row: fp32 of products of floats, int32 of 8-bit ones.</param>
    void Multiply(byte* rows, nint rowBytes, int rowCount, byte* panel, int steps, int columns, int* sums);
}
