using LoraOnnx.Kernels.Adapters;

namespace LoraOnnx.Inference.Variants;

/// <summary>
/// A loaded base with an adapter, a head of its own, or both: a model without a session. It lives as long as it is not disposed and a run uses it.
/// </summary>
public sealed class ModelVariant : IDisposable
{
    private readonly VariantMemory _memory;

    internal ModelVariant(
        ModelDescription model, VariantMemory memory, IReadOnlyDictionary<string, LinearChange> changes, VariantHead head,
            IReadOnlyList<string> notes)
    {
        (_memory, Model, Changes, Head, Notes) = (memory, model, changes, head, notes);
    }

    /// <summary>What is known of it; labels, limits and hash are its own.</summary>
    public ModelDescription Model { get; }

    /// <summary>What a user should know; a line each.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Bytes that it takes in memory, the base aside.</summary>
    public long Bytes => _memory.Bytes;

    /// <summary>What is added to the rows of the encoder's linears and norms, by their names.</summary>
    internal IReadOnlyDictionary<string, LinearChange> Changes { get; }

    internal VariantHead Head { get; }

    /// <summary>Whether its texts have states of their own; else they share those of the base.</summary>
    public bool ChangesEncoder => Changes.Count > 0;

    /// <summary>Keeps the memory for the length of a run; false when it has been given back.</summary>
    internal bool TryHold()
    {
        var held = false;
        try
        {
            _memory.DangerousAddRef(ref held);
        }
        catch (ObjectDisposedException)
        {
            return false;
        }

        return held;
    }

    internal void Release() => _memory.DangerousRelease();

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();
}
