using static TorchSharp.torch;

namespace LoraOnnx.Training.Engine;

/// <summary>What one layer's forward pass keeps for its backward pass. Disposing it frees all of that.</summary>
internal sealed class Tape : IDisposable
{
    private readonly List<IDisposable> _kept = [];

    /// <summary>Keeps the memory of a tensor alive beyond the caller's scope; the result is a handle of the tape's own.</summary>
    public Tensor Keep(Tensor tensor)
    {
        var kept = tensor.alias().DetachFromDisposeScope();
        _kept.Add(kept);
        return kept;
    }

    /// <summary>Takes a recorded piece over.</summary>
    public void Keep(LocalGradient gradient) => _kept.Add(gradient);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var item in _kept)
        {
            item.Dispose();
        }
    }
}
