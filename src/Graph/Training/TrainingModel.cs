using Google.Protobuf;
using LoraOnnx.Graph.Onnx;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Graph.Training;

/// <summary>A graph that trains or answers while training: trained tensors are inputs under their own names, and so are the frozen ones, which
/// several sessions then share.</summary>
public sealed class TrainingModel
{
    private TrainingModel(byte[] bytes, IReadOnlyList<NamedTensor> frozen, IReadOnlyList<DropoutPlace> dropout) =>
        (Bytes, Frozen, Dropout) = (bytes, frozen, dropout);

    /// <summary>The ONNX model.</summary>
    public byte[] Bytes { get; }

    /// <summary>Weights that do not learn.</summary>
    public IReadOnlyList<NamedTensor> Frozen { get; }

    /// <summary>Masks that it takes, in the order in which they are drawn.</summary>
    public IReadOnlyList<DropoutPlace> Dropout { get; }

    /// <summary>Loss and gradients of adapters, and of the head where it learns, through the whole encoder.</summary>
    public static TrainingModel OfStep(ModelWeights weights, IReadOnlyList<LoraModule> adapters, bool trainsHead, TrainingLoss loss,
        TrainingDropout dropout) => StepGraph.Build(weights, adapters, trainsHead, loss, dropout);

    /// <summary>Logits and what the head reads, of a model with adapters and head as inputs, or frozen.</summary>
    public static TrainingModel OfAnswers(ModelWeights weights, IReadOnlyList<LoraModule> adapters, bool trainsHead) =>
        AnswerGraph.Build(weights, adapters, trainsHead);

    /// <summary>Loss and gradients of a head, on features.</summary>
    public static TrainingModel OfHeadStep(ModelWeights weights, TrainingLoss loss, TrainingDropout dropout) =>
        HeadGraph.Step(weights, loss, dropout);

    /// <summary>Logits of a head, on features.</summary>
    public static TrainingModel OfHeadAnswers(ModelWeights weights) => HeadGraph.Answers(weights);

    /// <summary>Makes inputs of the weights.</summary>
    internal static TrainingModel Of(ModelProto model, ModelWeights weights, WeightSet set, IReadOnlyList<DropoutPlace> dropout)
    {
        var numbers = StoredTensors.Of(weights, set).ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        var frozen = model.Graph.Initializer.Where(tensor => numbers.ContainsKey(tensor.Name)).ToList();
        foreach (var tensor in frozen)
        {
            model.Graph.Initializer.Remove(tensor);
            model.Graph.Input.Add(GraphBuilder.Describe(
                tensor.Name, (TensorProto.Types.DataType)tensor.DataType, [.. tensor.Dims.Select(length => $"{length}")]));
        }

        return new TrainingModel(model.ToByteArray(), [.. frozen.Select(tensor => numbers[tensor.Name])], dropout);
    }
}
