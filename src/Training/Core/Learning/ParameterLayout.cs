using LoraOnnx.Model.Safetensors;
using LoraOnnx.Training.Engine;

namespace LoraOnnx.Training.Learning;

/// <summary>Where all trained tensors lie in one flat buffer, by kind; their gradients and moments lie in three more of the same layout.</summary>
internal sealed class ParameterLayout
{
    private readonly Dictionary<string, ParameterSlot> _slots = new(StringComparer.Ordinal);

    /// <summary>Lays tensors out.</summary>
    public ParameterLayout(IEnumerable<ParameterSpec> specs)
    {
        foreach (var (initial, kind) in specs.OrderBy(spec => spec.Kind))
        {
            _slots.Add(initial.Name, new ParameterSlot(initial.Name, [.. initial.Shape], kind, Count, initial.Values.LongLength));
            Count += initial.Values.LongLength;
            AdapterDownCount += kind == ParameterKind.AdapterDown ? initial.Values.LongLength : 0;
        }
    }

    /// <summary>Numbers in all tensors.</summary>
    public long Count { get; }

    /// <summary>Numbers in those of the first kind, the adapters' A: alone they change nothing while B is 0.</summary>
    public long AdapterDownCount { get; }

    /// <summary>All tensors, in the order in which they lie.</summary>
    public IEnumerable<ParameterSlot> Slots => _slots.Values;

    /// <summary>The place of a tensor.</summary>
    public ParameterSlot this[string name] => _slots[name];

    /// <summary>True when a tensor of this name is trained.</summary>
    public bool Contains(string name) => _slots.ContainsKey(name);

    /// <summary>Where the tensors of each kind lie.</summary>
    public IEnumerable<(ParameterKind Kind, long Start, long Length)> Segments() =>
        _slots.Values.GroupBy(slot => slot.Kind).Select(group => (group.Key, group.Min(slot => slot.Start), group.Sum(slot => slot.Length)));

    /// <summary>Copies of all values and moments, which <paramref name="read"/> makes.</summary>
    public LearnerState Save(long step, Func<ParameterSlot, ParameterBuffer, float[]> read) => new(step,
        [.. Slots.SelectMany(slot => Enum.GetValues<ParameterBuffer>().Select(buffer =>
            new NamedTensor(NameOf(slot, buffer), [.. slot.Shape.Select(length => (int)length)], read(slot, buffer))))]);

    /// <summary>Hands the values and moments of a saved state to <paramref name="write"/>.</summary>
    /// <exception cref="InputException">The state has other tensors.</exception>
    public void Restore(LearnerState state, Action<ParameterSlot, ParameterBuffer, float[]> write)
    {
        var tensors = state.Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        foreach (var slot in Slots)
        {
            foreach (var buffer in Enum.GetValues<ParameterBuffer>())
            {
                if (!tensors.TryGetValue(NameOf(slot, buffer), out var tensor)
                    || !tensor.Shape.Select(length => (long)length).SequenceEqual(slot.Shape))
                {
                    throw new InputException($"the checkpoint has no tensor '{NameOf(slot, buffer)}' [{string.Join(", ", slot.Shape)}].",
                        "resume with the options the run was started with.");
                }

                write(slot, buffer, tensor.Values);
            }
        }
    }

    private static string NameOf(ParameterSlot slot, ParameterBuffer buffer) => buffer switch
    {
        ParameterBuffer.Mean => slot.Name + ".exp_avg",
        ParameterBuffer.Square => slot.Name + ".exp_avg_sq",
        _ => slot.Name,
    };
}

/// <summary>A tensor's place.</summary>
internal sealed record ParameterSlot(string Name, long[] Shape, ParameterKind Kind, long Start, long Length);

/// <summary>What of a trained tensor is saved.</summary>
internal enum ParameterBuffer
{
    /// <summary>What it is.</summary>
    Values,

    /// <summary>AdamW's mean gradient.</summary>
    Mean,

    /// <summary>AdamW's mean squared gradient.</summary>
    Square,
}
