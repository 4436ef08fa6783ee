using LoraOnnx.Graph.Onnx;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;
using static LoraOnnx.Graph.GraphBuilder;

namespace LoraOnnx.Graph;

/// <summary>The parts of DistilBERT that work on each token by itself, over rows [n, width]; both graphs are made of them.</summary>
internal sealed class EncoderNodes(GraphBuilder graph, DistilBertConfig config, WeightSet weights)
{
    private readonly RoundedRows _rows = new(graph);

    /// <summary>fp16 graphs compute in fp16; the others in fp32.</summary>
    public TensorProto.Types.DataType FloatType { get; } =
        (TensorProto.Types.DataType)weights[$"{DistilBertTensors.EmbeddingNorm}.weight"].DataType;

    /// <summary>An initializer under its checkpoint key.</summary>
    public string Weight(string name) => graph.Initializer(weights[name]);

    /// <summary>x·Wᵀ + b with a weight that is not in 8 bits.</summary>
    public string ExactLinear(string x, string module) =>
        graph.Node("Gemm", $"/{module}", [x, Weight($"{module}.weight"), Weight($"{module}.bias")], Int("transB", 1));

    /// <summary>x·Wᵀ + b for a module of a layer, in the precision of its weights.</summary>
    public string Linear(string x, string module)
    {
        var weight = $"{module}.weight";
        if (!weights.IsRounded(weight))
        {
            return ExactLinear(x, module); // the weight keeps the checkpoint's (out, in) layout
        }

        return weights.Precision switch
        {
            Precision.Int8 => BlockLinear(x, module, weights[WeightSet.Codes(weight)].Dims[0]),
            _ => graph.Node("Add", $"/{module}",
                [_rows.Product(x, Weight(WeightSet.Codes(weight)), Weight(WeightSet.Scales(weight)), $"/{module}", IsLast(module)), Weight($"{module}.bias")]),
        };
    }

    /// <summary>Layer normalisation over the last axis.</summary>
    public string Norm(string x, string module) => graph.Opset >= 17
        ? graph.Node("LayerNormalization", $"/{module}", [x, Weight($"{module}.weight"), Weight($"{module}.bias")],
            Int("axis", -1), Float("epsilon", DistilBertConfig.LayerNormEpsilon))
        : NormInSteps(x, module);

    /// <summary>norm(x + lin2(activation(lin1(x)))).</summary>
    public string FeedForward(string x, string layer)
    {
        var inner = Linear(x, $"{layer}.ffn.lin1");
        var active = config.Activation == Activation.Gelu ? Gelu(inner, $"/{layer}.ffn") : graph.Node("Relu", $"/{layer}.ffn/relu", [inner]);
        var outer = Linear(active, $"{layer}.ffn.lin2");
        return Norm(graph.Node("Add", $"/{layer}.ffn/residual", [outer, x]), $"{layer}.output_layer_norm");
    }

    /// <summary>The classification head over the [CLS] rows [texts, width]: logits [texts, labels] in fp32.</summary>
    public string Head(string cls)
    {
        var hidden = graph.Node("Relu", "/pre_classifier/relu", [ExactLinear(cls, DistilBertTensors.PreClassifier)]);
        var logits = ExactLinear(hidden, DistilBertTensors.Classifier);
        return graph.Node(FloatType == TensorProto.Types.DataType.Float ? "Identity" : "Cast", "logits", [logits],
            FloatType == TensorProto.Types.DataType.Float ? [] : [Int("to", (long)TensorProto.Types.DataType.Float)]);
    }

    /// <summary>A scalar in the graph's float type.</summary>
    public string Scalar(string name, double value) => graph.Initializer(Tensors.Scalar(name, FloatType, value));

    /// <summary>The module that reads what the activation function gave.</summary>
    private static bool IsLast(string module) => module.EndsWith(".ffn.lin2", StringComparison.Ordinal);

    /// <summary>8-bit weights times activations that the operator rounds to 8 bits block by block (accuracy level 4).</summary>
    private string BlockLinear(string x, string module, long outputs)
    {
        var inputs = IsLast(module) ? config.FeedForwardWidth : config.Width;
        return graph.ContribNode("MatMulNBits", $"/{module}",
            [x, Weight(WeightSet.Codes($"{module}.weight")), Weight(WeightSet.Scales($"{module}.weight")), "", "", Weight($"{module}.bias")],
            Int("K", inputs), Int("N", outputs), Int("bits", 8), Int("block_size", BlockWeights.BlockSize), Int("accuracy_level", 4));
    }

    /// <summary>x·Φ(x) in the exact form that ONNX Runtime fuses: x/√2, erf, +1, ·x, ·½.</summary>
    private string Gelu(string x, string scope)
    {
        var scaled = graph.Node("Div", $"{scope}/gelu/scaled", [x, Scalar("sqrt_two", Math.Sqrt(2))]);
        var erf = graph.Node("Erf", $"{scope}/gelu/erf", [scaled]);
        var sum = graph.Node("Add", $"{scope}/gelu/sum", [erf, Scalar("one", 1)]);
        var product = graph.Node("Mul", $"{scope}/gelu/product", [x, sum]);
        return graph.Node("Mul", $"{scope}/gelu", [product, Scalar("half", 0.5)]);
    }

    /// <summary>LayerNormalization came with opset 17; before, it is spelt out.</summary>
    private string NormInSteps(string x, string module)
    {
        var scope = $"/{module}";
        var mean = graph.Node("ReduceMean", $"{scope}/mean", [x], Ints("axes", -1), Int("keepdims", 1));
        var centred = graph.Node("Sub", $"{scope}/centred", [x, mean]);
        var squared = graph.Node("Mul", $"{scope}/squared", [centred, centred]);
        var variance = graph.Node("ReduceMean", $"{scope}/variance", [squared], Ints("axes", -1), Int("keepdims", 1));
        var shifted = graph.Node("Add", $"{scope}/shifted", [variance, Scalar("epsilon", DistilBertConfig.LayerNormEpsilon)]);
        var deviation = graph.Node("Sqrt", $"{scope}/deviation", [shifted]);
        var normal = graph.Node("Div", $"{scope}/normal", [centred, deviation]);
        var weighted = graph.Node("Mul", $"{scope}/weighted", [normal, Weight($"{module}.weight")]);
        return graph.Node("Add", scope, [weighted, Weight($"{module}.bias")]);
    }
}
