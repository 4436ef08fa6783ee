using LoraOnnx.Graph.Training;
using LoraOnnx.Inference;
using LoraOnnx.Training.Engine;
using Microsoft.ML.OnnxRuntime;

namespace LoraOnnx.Training.Onnx;

/// <summary>A session over a <see cref="TrainingModel"/>: frozen weights stay where the checkpoint's reader put them, for all sessions.</summary>
internal sealed class LentSession : IDisposable
{
    private readonly List<NamedValue> _lent = [];
    private readonly InferenceSession _session;

    /// <summary>Opens a session.</summary>
    /// <param name="model">The graph and its weights.</param>
    /// <param name="machine">Where it computes.</param>
    public LentSession(TrainingModel model, Machine machine)
    {
        using var settings = RuntimeDevice.CreateSettings(
            new InferenceOptions { Device = machine.Device, Threads = machine.Threads }, spins: true);
        foreach (var tensor in model.Frozen)
        {
            _lent.Add(new NamedValue(tensor.Name, Value<float>(tensor.Values, tensor.Shape)));
        }

        _session = new InferenceSession(model.Bytes, settings);
    }

    /// <summary>Runs; the caller disposes what comes back, and the inputs.</summary>
    public IDisposableReadOnlyCollection<OrtValue> Run(IReadOnlyList<NamedValue> inputs, string[] outputs)
    {
        using var options = new RunOptions();
        NamedValue[] all = [.. inputs, .. _lent];
        return _session.Run(options, [.. all.Select(input => input.Name)], [.. all.Select(input => input.Value)], outputs);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _session.Dispose();
        foreach (var value in _lent)
        {
            value.Value.Dispose();
        }
    }

    /// <summary>A tensor over an array, without a copy.</summary>
    public static OrtValue Value<T>(Memory<T> values, params IReadOnlyList<int> shape)
        where T : unmanaged =>
        OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, values, [.. shape.Select(length => (long)length)]);
}

/// <summary>An input of a session.</summary>
internal readonly record struct NamedValue(string Name, OrtValue Value);
