using System.Numerics.Tensors;
using LoraOnnx.Graph;
using LoraOnnx.Kernels.Adapters;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Inference.Variants;

/// <summary>Makes of a variant.</summary>
internal delegate ModelVariant MakeVariant(VariantMemory memory, IReadOnlyDictionary<string, LinearChange> changes, VariantHead head);

/// <summary>Lays an adapter's numbers out as runs take them, in one block of memory.</summary>
internal sealed unsafe class VariantBuilder(VariantBase shared, ModelConfig config, double weight)
{
    /// <summary>Builds the variant of an adapter, head tensors of its own, or both.</summary>
    /// <exception cref="InputException">The adapter replaces what only a merge can, or its numbers overflow.</exception>
    public ModelVariant Build(LoraAdapter? adapter, IReadOnlyDictionary<string, NamedTensor> head, MakeVariant make)
    {
        var modules = (weight == 0 ? [] : adapter?.Modules ?? []).ToDictionary(module => module.Module, StringComparer.Ordinal);
        var shifts = Shifts(adapter, head, modules.Values);
        var memory = new VariantMemory(modules.Values.Sum(module => module.A.Values.LongLength + module.B.Values.LongLength)
            + shifts.Values.Sum(shift => shift.LongLength) + head.Values.Sum(tensor => tensor.Values.LongLength));
        try
        {
            var changes = modules.Keys.Union(shifts.Keys).ToDictionary(
                name => name, name => Change(memory, modules.GetValueOrDefault(name), shifts.GetValueOrDefault(name)), StringComparer.Ordinal);
            var linears = VariantNodes.Head(config.Layout).Select(step => new VariantLinear
            {
                Weight = Tensor(step.Linear.Weight),
                Bias = Tensor(step.Linear.Bias),
                Inputs = step.Linear.In,
                Outputs = step.Linear.Out,
                Activation = step.Activation,
                Change = changes.Remove(step.Linear.Name, out var change) ? change : null, // what is left changes the encoder
            }).ToList();
            return make(memory, changes, new VariantHead(linears));
        }
        catch
        {
            memory.Dispose();
            throw;
        }

        float* Tensor(string key) => head.TryGetValue(key, out var own) ? memory.Store(own.Values) : shared.HeadTensor(key);
    }

    /// <summary>What is added to the rows of each module: the bias of B, and the difference of a bias that the adapter replaces.</summary>
    private Dictionary<string, float[]> Shifts(
        LoraAdapter? adapter, IReadOnlyDictionary<string, NamedTensor> head, IEnumerable<LoraModule> modules)
    {
        var sums = new Dictionary<string, double[]>(StringComparer.Ordinal);
        foreach (var module in modules.Where(module => module.BBias is not null))
        {
            sums[module.Module] = Array.ConvertAll(module.BBias!.Values, value => weight * module.Scale * value);
        }

        foreach (var tensor in (adapter?.Replacements ?? []).Where(tensor => !head.ContainsKey(tensor.Name)))
        {
            if (!shared.Tensors.TryGetValue(tensor.Name, out var ofBase))
            {
                throw NeedsMerge(adapter!, tensor);
            }

            if (tensor.Values.AsSpan().SequenceEqual(ofBase))
            {
                continue;
            }

            var module = tensor.Name[..^".bias".Length];
            if (!tensor.Name.EndsWith(".bias", StringComparison.Ordinal))
            {
                throw NeedsMerge(adapter!, tensor);
            }

            var sum = sums.TryGetValue(module, out var known) ? known : sums[module] = new double[ofBase.Length];
            for (var i = 0; i < sum.Length; i++)
            {
                sum[i] += (double)tensor.Values[i] - ofBase[i];
            }
        }

        return sums.ToDictionary(entry => entry.Key, entry => Finite(entry.Key, Array.ConvertAll(entry.Value, value => (float)value)),
            StringComparer.Ordinal);
    }

    private LinearChange Change(VariantMemory memory, LoraModule? module, float[]? shift)
    {
        var change = new LinearChange
        {
            A = module is null ? null : memory.Store(module.A.Values),
            B = module is null ? null : memory.Store(Finite(module.Module, module.TransposedB(weight))),
            Shift = shift is null ? null : memory.Store(shift),
            Rank = module?.Rank ?? 0,
            Inputs = module?.A.Shape[1] ?? 0,
            Outputs = module?.B.Shape[0] ?? shift!.Length, // one of both is there
        };
        return change;
    }

    private static float[] Finite(string module, float[] values) => TensorPrimitives.IsFiniteAll<float>(values) ? values
        : throw new InputException($"module '{module}': the adapter times its scale is not finite.",
            "the adapter is broken, or its weight too large.");

    private static InputException NeedsMerge(LoraAdapter adapter, NamedTensor tensor) => new(
        $"{adapter.Directory}: '{tensor.Name}' is replaced; a served adapter may bring a head and biases of its own, nothing else.",
        "merge it with lora-merge and serve the file.");
}
