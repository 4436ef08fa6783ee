namespace LoraOnnx.Inference.Variants;

/// <summary>Where a variant of a base is read from.</summary>
/// <param name="Path">A run of lora-train, an adapter as peft saves it, or a directory with a head.</param>
/// <param name="Weight">What the adapter is multiplied by; a head and biases that it brings are taken whole.</param>
/// <param name="IsHead">A head only.</param>
public sealed record VariantSource(string Path, double Weight = 1, bool IsHead = false)
{
    /// <summary>SHA-256 of the weights of the base that the files were trained on, as they say themselves; null where they do not.</summary>
    /// <exception cref="InputException">There are no such files.</exception>
    public string? BaseHash => VariantFiles.Find(this).BaseHash;
}
