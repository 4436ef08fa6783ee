using static TorchSharp.torch;

namespace LoraOnnx.Training.Torch;

/// <summary>What one layer's forward pass keeps for its backward pass. Disposing it frees all of that.</summary>
internal sealed class Tape : IDisposable
{
    private readonly List<Tensor> _kept = [];

    /// <summary>Keeps the memory of a tensor alive beyond the caller's scope; the result is a handle of the tape's own.</summary>
    public Tensor Keep(Tensor tensor) => Own(tensor.alias());

    /// <summary>Takes a tensor out of the caller's scope.</summary>
    public Tensor Own(Tensor tensor)
    {
        _kept.Add(tensor.DetachFromDisposeScope());
        return tensor;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in _kept)
        {
            tensor.Dispose();
        }
    }
}
