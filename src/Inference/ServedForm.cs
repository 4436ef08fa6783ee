namespace LoraOnnx.Inference;

/// <summary>Which graph runs for a file.</summary>
public static class ServedForm
{
    /// <summary>The serving-shaped graph, where the file's graph is provably the one that lora-merge writes for these weights.</summary>
    public const string Packed = "packed";

    /// <summary>The serving-shaped graph, which gave the logits of the file itself on the reference texts.</summary>
    public const string Compared = "packed, compared";

    /// <summary>The file as it is, in padded batches.</summary>
    public const string Padded = "padded";
}
