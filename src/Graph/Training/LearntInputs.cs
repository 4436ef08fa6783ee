using LoraOnnx.Graph.Gradients;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Encoders;
using static LoraOnnx.Graph.Onnx.TensorProto.Types;

namespace LoraOnnx.Graph.Training;

/// <summary>What learns as inputs of a graph, and its gradients as outputs.</summary>
internal sealed class LearntInputs
{
    private readonly GraphBuilder _graph;
    private readonly Dictionary<string, string[]> _axes = new(StringComparer.Ordinal);

    public LearntInputs(GraphBuilder graph, EncoderLayout layout, IReadOnlyList<LoraModule> adapters, bool trainsHead)
    {
        _graph = graph;
        foreach (var tensor in adapters.SelectMany(module => module.Trained))
        {
            Add(tensor.Name, tensor.Shape);
        }

        foreach (var tensor in trainsHead ? layout.Head.Tensors : [])
        {
            Add(tensor.Key, tensor.Shape);
        }

        Trained = new TrainedTensors(adapters, trainsHead ? layout.Head.Linears.Select(step => step.Linear) : []);
    }

    /// <summary>Names of the inputs.</summary>
    public IReadOnlySet<string> Names => _axes.Keys.ToHashSet(StringComparer.Ordinal);

    /// <summary>What the backward pass finds gradients of.</summary>
    public TrainedTensors Trained { get; }

    /// <summary>Makes the gradients outputs, once all are found.</summary>
    public void GiveGradients()
    {
        foreach (var (tensor, axes) in _axes)
        {
            var gradient = _graph.Node("Identity", TrainingInputs.Gradient(tensor), [Trained.Gradients[tensor]]);
            _graph.Output(gradient, DataType.Float, axes);
        }
    }

    private void Add(string name, IReadOnlyList<int> shape)
    {
        _axes.Add(name, [.. shape.Select(length => $"{length}")]);
        _graph.Input(name, DataType.Float, _axes[name]);
    }
}
