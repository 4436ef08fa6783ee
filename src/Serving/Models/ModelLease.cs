namespace LoraOnnx.Serving.Models;

/// <summary>Keeps a model alive for the length of a call. Dispose exactly once.</summary>
internal sealed class ModelLease(ServedModel model) : IDisposable
{
    public ServedModel Model { get; } = model;

    public void Dispose() => Model.Release();
}
