using LoraOnnx.Graph.Gradients;
using LoraOnnx.Graph.Onnx;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Safetensors;
using static LoraOnnx.Graph.GraphBuilder;
using DataType = LoraOnnx.Graph.Onnx.TensorProto.Types.DataType;

namespace LoraOnnx.Graph.OnDevice;

/// <summary>
/// The graph that ONNX Runtime's training runtime steps: padded batches and labels in, loss and logits out, without dropout. Every parameter is an
/// input. Of operators that the standard has not it uses the one that adds a gradient to its buffer.
/// </summary>
internal sealed class OnDeviceGraph
{
    private const string GradientSuffix = "_grad.accumulation";
    private const string ResetFlag = "lazy_reset_grad";

    private readonly GraphBuilder _graph;
    private readonly EncoderNodes _nodes;
    private readonly ModelConfig _config;
    private readonly TrainedTensors _trained;
    private readonly IReadOnlyList<NamedTensor> _learning;
    private readonly string _labels;
    private readonly PaddedTexts _texts;

    // Letters: B texts, S tokens of the longest, H width, K labels.
    private OnDeviceGraph(ModelConfig config, WeightSet weights, OnDeviceParameters parameters, string name)
    {
        (_config, _learning) = (config, parameters.Learning);
        _graph = new GraphBuilder($"{config.Family.ModelType}-sequence-classification-{name}", OnnxModelFile.DefaultOpset);
        var texts = PaddedTexts.Inputs(_graph);
        _labels = config.Task.IsMultiLabel
            ? _graph.Input("labels", DataType.Float, "batch_size", $"{config.Task.Labels.Count}")
            : _graph.Input("labels", DataType.Int64, "batch_size");
        foreach (var tensor in parameters.All)
        {
            _graph.Input(tensor.Name, DataType.Float, Axes(tensor));
        }

        _nodes = new EncoderNodes(_graph, config.Layout, weights, inputs: parameters.All.Select(tensor => tensor.Name).ToHashSet());
        _texts = new PaddedTexts(_graph, _nodes, config, texts);
        _trained = new TrainedTensors(parameters.Adapters, parameters.TrainsHead ? config.Layout.Head.Linears.Select(step => step.Linear) : []);
    }

    /// <summary>training_model.onnx: loss, logits, and each gradient added to its buffer.</summary>
    public static ModelProto Training(ModelConfig config, WeightSet weights, OnDeviceParameters parameters) =>
        new OnDeviceGraph(config, weights, parameters, "training").Build(withGradients: true);

    /// <summary>eval_model.onnx: loss and logits.</summary>
    public static ModelProto Evaluation(ModelConfig config, WeightSet weights, OnDeviceParameters parameters) =>
        new OnDeviceGraph(config, weights, parameters, "evaluation").Build(withGradients: false);

    private ModelProto Build(bool withGradients)
    {
        foreach (var tensor in withGradients ? _learning : [])
        {
            _graph.Input(Buffer(tensor), DataType.Float, Axes(tensor));
        }

        var flag = withGradients ? _graph.Input(ResetFlag, DataType.Bool, "1") : "";
        var (layout, scope) = (_config.Layout, new GradientScope(_graph, DataType.Float, "/loss"));
        var heads = new TextHeads(_graph, layout.Shape, Part("texts", 0), Part("tokens", 1), _texts.Padding());
        BlockGradient[] blocks = [.. layout.Blocks.Select(block => new BlockGradient(_nodes, layout, block, heads, _trained))];
        var head = new HeadGradient(_graph, _nodes, VariantNodes.Head(layout), _trained);
        var (x, first) = (_texts.Embed(), FirstRows());
        foreach (var block in blocks)
        {
            x = block.Forward(x, first);
        }

        var logits = _graph.Node("Identity", PortableGraph.Logits, [head.Forward(x)]);
        var loss = new Loss(scope, _config, _labels, logits);
        _graph.Output(_graph.Node("Identity", "loss", [loss.Value]), DataType.Float);
        _graph.Output(logits, DataType.Float, "batch_size", $"{_config.Task.Labels.Count}");
        if (withGradients)
        {
            Backward(blocks, head.Backward(loss.Gradient(), asksInput: Array.Exists(blocks, block => block.Learns)));
            foreach (var tensor in _learning)
            {
                var sum = _graph.ContribNode("InPlaceAccumulatorV2", $"{tensor.Name}{GradientSuffix}.out",
                    [Buffer(tensor), _trained.Gradients[tensor.Name], flag]);
                _graph.Output(sum, DataType.Bool, "1");
            }
        }

        return _graph.Build([]);
    }

    /// <summary>Back to the lowest block in which something learns.</summary>
    private static void Backward(BlockGradient[] blocks, string? d)
    {
        for (var place = blocks.Length - 1; d is not null; place--)
        {
            d = blocks[place].Backward(d, asksInput: blocks[..place].Any(block => block.Learns));
        }
    }

    /// <summary>The row of each text's [CLS] among those of all [B]: S times 0 to B − 1.</summary>
    private string FirstRows()
    {
        string Number(string name, long value) => _graph.Initializer(Tensors.Int64Scalar(name, value));
        string Axis(long axis) => _graph.Node("Gather", $"/shape/{axis}", [_texts.Shape, Number($"axis{axis}", axis)]);
        var counted = _graph.Node("Range", "/first/texts", [Number("zero_int64", 0), Axis(0), Number("one_int64", 1)]);
        return _graph.Node("Mul", "/first", [counted, Axis(1)]);
    }

    private string Part(string name, long axis) =>
        _graph.Node("Slice", $"/shape/{name}", [_texts.Shape, _graph.Int64s(axis), _graph.Int64s(axis + 1)]);

    private static string Buffer(NamedTensor tensor) => $"{tensor.Name}{GradientSuffix}.buffer";

    private static string[] Axes(NamedTensor tensor) => [.. tensor.Shape.Select(length => $"{length}")];

    /// <summary>The mean loss over the texts of a batch.</summary>
    private sealed class Loss
    {
        private readonly GradientScope _scope;
        private readonly bool _isMultiLabel;
        private readonly string _logits;
        private readonly string _targets; // [B, K]
        private readonly string _count; // of texts, or of labels of texts

        public Loss(GradientScope scope, ModelConfig config, string labels, string logits)
        {
            (_scope, _isMultiLabel, _logits) = (scope, config.Task.IsMultiLabel, logits);
            _count = scope.Node("Cast", "count", [scope.Node("Size", "labels", [labels])], Int("to", (long)DataType.Float));
            _targets = _isMultiLabel ? labels
                : scope.Node("OneHot", "targets", [labels, scope.Graph.Int64s(config.Task.Labels.Count), scope.Graph.Initializer(
                    Tensors.Create("off_and_on", DataType.Float, (float[])[0, 1], 2))]);
            Value = _isMultiLabel ? BinaryCrossEntropyRule.Loss(scope, logits, _targets, scope.Number(1), _count)
                : CrossEntropyRule.Loss(scope, logits, _targets, _count);
        }

        public string Value { get; }

        public string Gradient() => _isMultiLabel ? BinaryCrossEntropyRule.Logits(_scope, _logits, _targets, _scope.Number(1), _count)
            : CrossEntropyRule.Logits(_scope, _logits, _targets, _count);
    }
}
