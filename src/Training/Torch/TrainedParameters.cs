using LoraOnnx.Model.Safetensors;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Learning;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Torch;

/// <summary>All trained tensors in one flat fp32 buffer, with their gradients and moments in three more: an optimizer step is a dozen operations,
/// whatever their number.</summary>
internal sealed class TrainedParameters : IDisposable
{
    private readonly Tensor _first; // the starting values of all but A
    private readonly Dictionary<string, Tensor> _valueViews = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Tensor> _gradientViews = new(StringComparer.Ordinal);

    /// <summary>Copies the initial values to the device.</summary>
    public TrainedParameters(IEnumerable<ParameterSpec> specs, Device device)
    {
        var all = specs.ToList();
        Layout = new ParameterLayout(all);
        using var scope = NewDisposeScope();
        Values = zeros(Count, dtype: ScalarType.Float32, device: device).DetachFromDisposeScope();
        Gradients = zeros_like(Values).DetachFromDisposeScope();
        Mean = zeros_like(Values).DetachFromDisposeScope();
        Square = zeros_like(Values).DetachFromDisposeScope();
        foreach (var spec in all)
        {
            Write(Values, Layout[spec.Initial.Name], spec.Initial.Values);
        }

        _first = Values.narrow(0, Layout.AdapterDownCount, Count - Layout.AdapterDownCount).clone().DetachFromDisposeScope();
    }

    /// <summary>Where each tensor lies.</summary>
    public ParameterLayout Layout { get; }

    /// <summary>Numbers in all tensors.</summary>
    public long Count => Layout.Count;

    /// <summary>Current values, flat.</summary>
    public Tensor Values { get; }

    /// <summary>Gradients of the step in progress, flat.</summary>
    public Tensor Gradients { get; }

    /// <summary>AdamW's mean gradient, flat.</summary>
    public Tensor Mean { get; }

    /// <summary>AdamW's mean squared gradient, flat.</summary>
    public Tensor Square { get; }

    /// <summary>True once some tensor but an adapter's A differs from its first value: A alone changes nothing while B is 0.</summary>
    public bool HaveChanged()
    {
        using var scope = NewDisposeScope();
        return Values.narrow(0, Count - _first.NumberOfElements, _first.NumberOfElements).ne(_first).any().item<bool>(); // A lies before all others
    }

    /// <summary>True when a tensor of this name is trained.</summary>
    public bool Contains(string name) => Layout.Contains(name);

    /// <summary>The tensor's values, in its shape, sharing memory with <see cref="Values"/>. Lives as long as this object.</summary>
    public Tensor ValueOf(string name) => View(Values, _valueViews, name);

    /// <summary>The tensor's gradient, in its shape, sharing memory with <see cref="Gradients"/>. Lives as long as this object.</summary>
    public Tensor GradientOf(string name) => View(Gradients, _gradientViews, name);

    /// <summary>Where the tensors of each kind lie.</summary>
    public IEnumerable<(ParameterKind Kind, long Start, long Length)> Segments() => Layout.Segments();

    /// <summary>A copy of one tensor's values.</summary>
    public NamedTensor Read(string name) => new(name, [.. Layout[name].Shape.Select(length => (int)length)], Read(Values, Layout[name]));

    /// <summary>Copies of all values and moments.</summary>
    public LearnerState Save(long step) => Layout.Save(step, (slot, buffer) => Read(Of(buffer), slot));

    /// <summary>Takes values and moments from a saved state.</summary>
    /// <exception cref="InputException">The state has other tensors.</exception>
    public void Restore(LearnerState state) => Layout.Restore(state, (slot, buffer, values) => Write(Of(buffer), slot, values));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in (IEnumerable<Tensor>)[.. _valueViews.Values, .. _gradientViews.Values, Values, Gradients, Mean, Square, _first])
        {
            tensor.Dispose();
        }
    }

    private Tensor Of(ParameterBuffer buffer) => buffer switch
    {
        ParameterBuffer.Mean => Mean,
        ParameterBuffer.Square => Square,
        _ => Values,
    };

    private static float[] Read(Tensor buffer, ParameterSlot slot)
    {
        using var scope = NewDisposeScope();
        return buffer.narrow(0, slot.Start, slot.Length).cpu().data<float>().ToArray();
    }

    private static void Write(Tensor buffer, ParameterSlot slot, float[] values)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        buffer.narrow(0, slot.Start, slot.Length).copy_(tensor(values));
    }

    private Tensor View(Tensor buffer, Dictionary<string, Tensor> views, string name)
    {
        if (!views.TryGetValue(name, out var view))
        {
            var slot = Layout[name];
            using var scope = NewDisposeScope();
            view = buffer.narrow(0, slot.Start, slot.Length).view(slot.Shape).DetachFromDisposeScope();
            views.Add(name, view);
        }

        return view;
    }
}
