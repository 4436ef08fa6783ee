using LoraOnnx.Graph;
using LoraOnnx.Inference.Operators;
using LoraOnnx.Kernels;
using LoraOnnx.Model.Configuration;

namespace LoraOnnx.Inference.Variants;

/// <summary>What the variants of a base share: its configuration, its small tensors, and the plans of runs.</summary>
internal sealed unsafe class VariantBase : IDisposable
{
    private readonly Dictionary<string, nint> _head = [];
    private readonly VariantMemory _memory;

    public VariantBase(ModelConfig config, IReadOnlyDictionary<string, float[]> tensors)
    {
        (Config, Tensors) = (config, tensors);
        var keys = VariantNodes.Head(config.Layout).SelectMany(step => step.Linear.Tensors).Select(spec => spec.Key).ToList();
        _memory = new VariantMemory(keys.Sum(key => tensors[key].LongLength));
        foreach (var key in keys)
        {
            _head[key] = (nint)_memory.Store(tensors[key]);
        }
    }

    public ModelConfig Config { get; }

    /// <summary>Biases, norms and the head's tensors, in fp32.</summary>
    public IReadOnlyDictionary<string, float[]> Tensors { get; }

    public VariantPlans Plans { get; } = new();

    /// <summary>A tensor of the head in native memory, as long as the base lives.</summary>
    public float* HeadTensor(string key) => (float*)_head[key];

    /// <summary>The operators that a graph names whose blocks kernels compute.</summary>
    public IEnumerable<IOperator> Operators(KernelModel model, KernelSet kernels) =>
        [Change(Config.Layout.Embeddings.Norm.Name, isLinear: false), new EncoderOperator(model, Config, kernels, new PlannedChanges(Plans))];

    /// <summary>The operators that a graph of nodes names.</summary>
    public IEnumerable<IOperator> Operators() =>
    [
        .. VariantNodes.Linears(Config.Layout).Select(linear => Change(linear.Name, isLinear: true)),
        .. VariantNodes.Norms(Config.Layout).Select(norm => Change(norm.Name, isLinear: false)),
    ];

    public void Dispose() => _memory.Dispose();

    private ChangeOperator Change(string module, bool isLinear) => new(VariantNodes.Behind(module), module, isLinear, Plans);
}
