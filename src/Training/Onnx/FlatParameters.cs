using LoraOnnx.Model.Safetensors;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Learning;

namespace LoraOnnx.Training.Onnx;

/// <summary>All trained tensors with their gradients and moments, in .NET's memory, which sessions read in place.</summary>
internal sealed class FlatParameters : IDisposable
{
    private readonly float[] _values;
    private readonly float[] _gradients;
    private readonly float[] _mean;
    private readonly float[] _square;
    private readonly float[] _first; // the starting values of all but A
    private readonly List<NamedValue> _inputs = [];

    /// <summary>Copies the initial values.</summary>
    public FlatParameters(IReadOnlyList<ParameterSpec> specs)
    {
        Layout = new ParameterLayout(specs);
        float[] New() => GC.AllocateArray<float>(checked((int)Layout.Count), pinned: true);
        (_values, _gradients, _mean, _square) = (New(), New(), New(), New());
        foreach (var spec in specs)
        {
            spec.Initial.Values.CopyTo(Of(_values, Layout[spec.Initial.Name]));
        }

        _first = _values[(int)Layout.AdapterDownCount..];
        foreach (var slot in Layout.Slots)
        {
            _inputs.Add(new NamedValue(slot.Name, LentSession.Value(_values.AsMemory((int)slot.Start, (int)slot.Length),
                [.. slot.Shape.Select(length => (int)length)])));
        }
    }

    /// <summary>Where each tensor lies.</summary>
    public ParameterLayout Layout { get; }

    /// <summary>The tensors as inputs of a session; they live as long as this object.</summary>
    public IReadOnlyList<NamedValue> Inputs => _inputs;

    /// <summary>The four buffers.</summary>
    public FlatNumbers Numbers() => new(_values, _gradients, _mean, _square);

    /// <summary>The gradient of a tensor, to be added to.</summary>
    public Span<float> GradientOf(string name) => Of(_gradients, Layout[name]);

    /// <summary>Sets all gradients to 0.</summary>
    public void ForgetGradients() => _gradients.AsSpan().Clear();

    /// <summary>True once some tensor but an adapter's A differs from its first value.</summary>
    public bool HaveChanged() => !_values.AsSpan((int)Layout.AdapterDownCount).SequenceEqual(_first);

    /// <summary>A copy of one tensor's values.</summary>
    public NamedTensor Read(string name) =>
        new(name, [.. Layout[name].Shape.Select(length => (int)length)], Of(_values, Layout[name]).ToArray());

    /// <summary>Copies of all values and moments.</summary>
    public LearnerState Save(long step) => Layout.Save(step, (slot, buffer) => Of(Buffer(buffer), slot).ToArray());

    /// <summary>Takes values and moments from a saved state.</summary>
    /// <exception cref="InputException">The state has other tensors.</exception>
    public void Restore(LearnerState state) => Layout.Restore(state, (slot, buffer, values) => values.CopyTo(Of(Buffer(buffer), slot)));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var input in _inputs)
        {
            input.Value.Dispose();
        }
    }

    private float[] Buffer(ParameterBuffer buffer) => buffer switch
    {
        ParameterBuffer.Mean => _mean,
        ParameterBuffer.Square => _square,
        _ => _values,
    };

    private static Span<float> Of(float[] buffer, ParameterSlot slot) => buffer.AsSpan((int)slot.Start, (int)slot.Length);
}
