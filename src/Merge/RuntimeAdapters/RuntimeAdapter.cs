using LoraOnnx.Graph;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Merge.RuntimeAdapters;

/// <summary>An adapter as the tensors that a graph with <see cref="AdapterSlots"/> takes.</summary>
internal sealed class RuntimeAdapter
{
    private const string Advice = "merge it: lora-merge without --base-with-adapters.";

    private RuntimeAdapter(string name, MergeInput input, IReadOnlyList<LoraModule> modules, IReadOnlyList<NamedTensor> replaced)
    {
        (Name, Input) = (name, input);
        Modules = [.. modules.Select(module => module.Module)];
        Replaced = [.. replaced.Select(tensor => tensor.Name)];
        Tensors = [.. modules.SelectMany(module => Parts(module, input.Adapters[0].Weight)), .. replaced];
    }

    /// <summary>The file is NAME.onnx_adapter.</summary>
    public string Name { get; }

    /// <summary>What a merge of it alone would read.</summary>
    public MergeInput Input { get; }

    /// <summary>Names of the adapted linears.</summary>
    public IReadOnlyList<string> Modules { get; }

    /// <summary>Keys of the tensors that it replaces: head, biases, norms.</summary>
    public IReadOnlyList<string> Replaced { get; }

    /// <summary>Under the names of the graph's inputs.</summary>
    public IReadOnlyList<NamedTensor> Tensors { get; }

    /// <exception cref="InputException">It is DoRA, or replaces what is no head, bias or norm.</exception>
    public static RuntimeAdapter Of(string name, MergeInput input, ModelWeights ofBase)
    {
        var modules = new List<LoraModule>();
        var weights = input.Weights;
        foreach (var (adapter, weight) in input.Adapters) // one, or none where a run trained its head alone
        {
            NeedsMerge.Refuse(adapter, adapter.Directory!, Advice); // it was read from one
            modules.AddRange(weight == 0 ? [] : adapter.Modules);
            weights = WithBiases(weights.With(adapter.Replacements), adapter, weight);
        }

        var allowed = VariantNodes.Tensors(input.Weights.Config.Layout).Select(spec => spec.Key).ToHashSet(StringComparer.Ordinal);
        List<NamedTensor> replaced = [.. weights.Tensors.Where(tensor =>
            !tensor.Shape.SequenceEqual(ofBase[tensor.Name].Shape) || !tensor.Values.AsSpan().SequenceEqual(ofBase[tensor.Name].Values))];
        return replaced.FirstOrDefault(tensor => !allowed.Contains(tensor.Name)) is { } other
            ? throw InputException.InFile(input.Adapters[0].Adapter.Directory!, $"'{other.Name}' is replaced; a graph takes heads, biases and norms.",
                Advice)
            : new RuntimeAdapter(name, input, modules, replaced);
    }

    /// <summary>The bias of B is added to that of the linear.</summary>
    private static ModelWeights WithBiases(ModelWeights weights, LoraAdapter adapter, double weight) =>
        weights.With(adapter.Modules.Where(module => module.BBias is not null && weight != 0).Select(module =>
        {
            var bias = weights[$"{module.Module}.bias"];
            return new NamedTensor(bias.Name, bias.Shape, [.. bias.Values.Select((value, r) => (float)(value + module.BiasDelta(weight, r)))]);
        }).ToList());

    /// <summary>Aᵀ [in, rank] and weight·scale·Bᵀ [rank, out].</summary>
    private static NamedTensor[] Parts(LoraModule module, double weight) =>
    [
        new(AdapterSlots.A(module.Module), [module.A.Shape[1], module.Rank], module.TransposedA()),
        new(AdapterSlots.B(module.Module), [module.Rank, module.B.Shape[0]], module.TransposedB(weight)),
    ];
}
