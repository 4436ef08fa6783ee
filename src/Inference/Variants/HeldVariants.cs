namespace LoraOnnx.Inference.Variants;

/// <summary>The variants that a batch asks, their memory kept until the batch is done.</summary>
internal sealed class HeldVariants : IDisposable
{
    private readonly List<ModelVariant> _held = [];

    /// <exception cref="ObjectDisposedException">One of them has been given back.</exception>
    public HeldVariants(IEnumerable<VariantText> batch)
    {
        foreach (var variant in batch.Select(text => text.Variant).OfType<ModelVariant>().Distinct())
        {
            if (!variant.TryHold())
            {
                Dispose();
                throw new ObjectDisposedException(nameof(ModelVariant));
            }

            _held.Add(variant);
        }
    }

    /// <summary>Whether the base alone is asked.</summary>
    public bool IsEmpty => _held.Count == 0;

    public void Dispose() => _held.ForEach(variant => variant.Release());
}
