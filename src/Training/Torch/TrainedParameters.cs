using LoraOnnx.Model.Safetensors;
using LoraOnnx.Training.Engine;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Torch;

/// <summary>What a trained tensor is: decides its learning rate and whether it decays. In the order in which they lie in memory.</summary>
internal enum ParameterKind
{
    /// <summary>A of an adapter.</summary>
    AdapterDown,

    /// <summary>B of an adapter; LoRA+ gives it a rate of its own.</summary>
    AdapterUp,

    /// <summary>DoRA's magnitude.</summary>
    AdapterMagnitude,

    /// <summary>A weight of the head.</summary>
    HeadWeight,

    /// <summary>A bias of the head; does not decay.</summary>
    HeadBias,
}

/// <summary>A trained tensor before it gets its place on the device.</summary>
internal readonly record struct ParameterSpec(NamedTensor Initial, ParameterKind Kind);

/// <summary>All trained tensors in one flat fp32 buffer, with their gradients and moments in three more: an optimizer step is a dozen operations,
/// whatever their number.</summary>
internal sealed class TrainedParameters : IDisposable
{
    private const string MeanSuffix = ".exp_avg";
    private const string SquareSuffix = ".exp_avg_sq";

    private readonly Dictionary<string, Slot> _slots = new(StringComparer.Ordinal);
    private readonly Tensor _first; // the starting values of all but A
    private readonly Dictionary<string, Tensor> _valueViews = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Tensor> _gradientViews = new(StringComparer.Ordinal);

    /// <summary>Copies the initial values to the device.</summary>
    public TrainedParameters(IEnumerable<ParameterSpec> specs, Device device)
    {
        var sorted = specs.OrderBy(spec => spec.Kind).ToList();
        foreach (var (initial, kind) in sorted)
        {
            _slots.Add(initial.Name, new Slot(initial.Name, [.. initial.Shape], kind, Count, initial.Values.LongLength));
            Count += initial.Values.LongLength;
        }

        using var scope = NewDisposeScope();
        Values = zeros(Count, dtype: ScalarType.Float32, device: device).DetachFromDisposeScope();
        Gradients = zeros_like(Values).DetachFromDisposeScope();
        Mean = zeros_like(Values).DetachFromDisposeScope();
        Square = zeros_like(Values).DetachFromDisposeScope();
        foreach (var spec in sorted)
        {
            Write(Values, _slots[spec.Initial.Name], spec.Initial.Values);
        }

        var down = sorted.Where(spec => spec.Kind == ParameterKind.AdapterDown).Sum(spec => spec.Initial.Values.LongLength);
        _first = Values.narrow(0, down, Count - down).clone().DetachFromDisposeScope();
    }

    /// <summary>Numbers in all tensors.</summary>
    public long Count { get; }

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
    public bool Contains(string name) => _slots.ContainsKey(name);

    /// <summary>The tensor's values, in its shape, sharing memory with <see cref="Values"/>. Lives as long as this object.</summary>
    public Tensor ValueOf(string name) => View(Values, _valueViews, name);

    /// <summary>The tensor's gradient, in its shape, sharing memory with <see cref="Gradients"/>. Lives as long as this object.</summary>
    public Tensor GradientOf(string name) => View(Gradients, _gradientViews, name);

    /// <summary>Where the tensors of each kind lie.</summary>
    public IEnumerable<(ParameterKind Kind, long Start, long Length)> Segments() =>
        _slots.Values.GroupBy(slot => slot.Kind).Select(group => (group.Key, group.Min(slot => slot.Start), group.Sum(slot => slot.Length)));

    /// <summary>A copy of one tensor's values.</summary>
    public NamedTensor Read(string name) => Read(Values, _slots[name], name);

    /// <summary>Copies of all values and moments.</summary>
    public LearnerState Save(long step) => new(step,
        [.. _slots.Values.SelectMany(slot => (NamedTensor[])
        [
            Read(Values, slot, slot.Name),
            Read(Mean, slot, slot.Name + MeanSuffix),
            Read(Square, slot, slot.Name + SquareSuffix),
        ])]);

    /// <summary>Takes values and moments from a saved state.</summary>
    /// <exception cref="InputException">The state has other tensors.</exception>
    public void Restore(LearnerState state)
    {
        var tensors = state.Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        foreach (var slot in _slots.Values)
        {
            foreach (var (buffer, suffix) in (ReadOnlySpan<(Tensor, string)>)[(Values, ""), (Mean, MeanSuffix), (Square, SquareSuffix)])
            {
                if (!tensors.TryGetValue(slot.Name + suffix, out var tensor)
                    || !tensor.Shape.Select(length => (long)length).SequenceEqual(slot.Shape))
                {
                    throw new InputException($"the checkpoint has no tensor '{slot.Name + suffix}' [{string.Join(", ", slot.Shape)}].",
                        "resume with the options the run was started with.");
                }

                Write(buffer, slot, tensor.Values);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in (IEnumerable<Tensor>)[.. _valueViews.Values, .. _gradientViews.Values, Values, Gradients, Mean, Square, _first])
        {
            tensor.Dispose();
        }
    }

    private static NamedTensor Read(Tensor buffer, Slot slot, string name)
    {
        using var scope = NewDisposeScope();
        return new NamedTensor(name, [.. slot.Shape.Select(length => (int)length)],
            buffer.narrow(0, slot.Start, slot.Length).cpu().data<float>().ToArray());
    }

    private static void Write(Tensor buffer, Slot slot, float[] values)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        buffer.narrow(0, slot.Start, slot.Length).copy_(tensor(values));
    }

    private Tensor View(Tensor buffer, Dictionary<string, Tensor> views, string name)
    {
        if (!views.TryGetValue(name, out var view))
        {
            var slot = _slots[name];
            using var scope = NewDisposeScope();
            view = buffer.narrow(0, slot.Start, slot.Length).view(slot.Shape).DetachFromDisposeScope();
            views.Add(name, view);
        }

        return view;
    }

    private sealed record Slot(string Name, long[] Shape, ParameterKind Kind, long Start, long Length);
}
