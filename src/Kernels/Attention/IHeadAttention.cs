namespace LoraOnnx.Kernels.Attention;

/// <summary>softmax(q·kᵀ/√width)·v for one head of one text.</summary>
internal interface IHeadAttention
{
    /// <summary>Bytes of scratch that a text of so many tokens needs.</summary>
    long ScratchBytes(int tokens, int width);

    /// <summary>Writes the result of a head.</summary>
    void Run(in HeadRows head, AlignedBuffer scratch);
}
