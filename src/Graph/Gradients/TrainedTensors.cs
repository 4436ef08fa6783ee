using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Encoders;

namespace LoraOnnx.Graph.Gradients;

/// <summary>What a graph trains, all of it inputs: adapters beside frozen linears, under the names of their tensors, and linears whole; and the
/// gradients that the backward pass has found of them.</summary>
internal sealed class TrainedTensors
{
    private readonly Dictionary<string, LoraModule> _adapters;
    private readonly HashSet<string> _linears;
    private readonly Dictionary<string, string> _gradients = new(StringComparer.Ordinal);

    public TrainedTensors(IEnumerable<LoraModule> adapters, IEnumerable<LinearLayout> linears)
    {
        _adapters = adapters.ToDictionary(module => module.Module, StringComparer.Ordinal);
        _linears = [.. linears.Select(linear => linear.Name)];
    }

    /// <summary>Nothing is trained.</summary>
    public static TrainedTensors None { get; } = new([], []);

    /// <summary>The gradient of each tensor.</summary>
    public IReadOnlyDictionary<string, string> Gradients => _gradients;

    /// <summary>The adapter of a linear that is not trained whole, or null.</summary>
    public LoraModule? AdapterOf(LinearLayout linear) => _adapters.GetValueOrDefault(linear.Name);

    /// <summary>True where weight and bias themselves are trained.</summary>
    public bool IsWhole(LinearLayout linear) => _linears.Contains(linear.Name);

    /// <summary>True where training changes what a linear gives.</summary>
    public bool Holds(LinearLayout linear) => IsWhole(linear) || _adapters.ContainsKey(linear.Name);

    /// <summary>Notes a gradient.</summary>
    public void Found(string tensor, string gradient) => _gradients.Add(tensor, gradient);
}
