using LoraOnnx.Graph.Onnx;
using LoraOnnx.Graph.Rounding;
using LoraOnnx.Model.Encoders;
using static LoraOnnx.Graph.GraphBuilder;

namespace LoraOnnx.Graph;

/// <summary>The parts of an encoder that work on each token by itself, over rows [n, width]; all graphs are made of them. Weights in
/// <paramref name="inputs"/> are inputs of the graph.</summary>
internal sealed class EncoderNodes(
    GraphBuilder graph, EncoderLayout layout, WeightSet weights, string? plan = null, AdapterSlots? slots = null,
    IReadOnlySet<string>? inputs = null)
{
    private readonly RoundedRows _rows = new(graph);

    /// <summary>fp16 graphs compute in fp16; the others in fp32.</summary>
    public TensorProto.Types.DataType FloatType { get; } =
        (TensorProto.Types.DataType)weights[layout.Embeddings.Norm.Weight].DataType;

    /// <summary>A weight under its checkpoint key.</summary>
    public string Weight(string name) => inputs is not null && inputs.Contains(name) ? name : graph.Initializer(weights[name]);

    /// <summary>x·Wᵀ + b with a weight that is not in 8 bits.</summary>
    public string ExactLinear(string x, LinearLayout linear) =>
        graph.Node("Gemm", $"/{linear.Name}", [x, Weight(linear.Weight), Weight(linear.Bias)], Int("transB", 1));

    /// <summary>x·Wᵀ + b for a module of a block, in the precision of its weights.</summary>
    public string Linear(string x, LinearLayout linear)
    {
        var y = Adapted(Plain(x, linear), x, linear);
        return plan is null ? y : graph.KernelNode(VariantNodes.Behind(linear.Name), y, x, plan);
    }

    /// <summary>y + x·A·B where adapters have a place.</summary>
    private string Adapted(string y, string x, LinearLayout linear)
    {
        if (slots is null || !slots.Modules.Contains(linear.Name))
        {
            return y;
        }

        var down = graph.Node("MatMul", $"/{linear.Name}/lora/down", [x, AdapterSlots.A(linear.Name)]);
        var up = graph.Node("MatMul", $"/{linear.Name}/lora/up", [down, AdapterSlots.B(linear.Name)]);
        return graph.Node("Add", $"/{linear.Name}/lora", [y, up]);
    }

    private string Plain(string x, LinearLayout linear) => weights.FormOf(linear.Weight).Linear(graph, this, x, linear);

    /// <summary>x·Wᵀ of rows and a weight that are both in 8 bits.</summary>
    public string RoundedProduct(string x, LinearLayout linear)
    {
        var smoothing = WeightSet.Smoothing(MatrixGroup.NameOf(layout, linear.Weight));
        return _rows.Product(x, Weight(WeightSet.Codes(linear.Weight)), Weight(WeightSet.Scales(linear.Weight)), $"/{linear.Name}",
            ReadsActivation(linear), weights.Has(smoothing) ? Weight(smoothing) : null);
    }

    /// <summary>The first hidden state of rows that lie end to end [n, width].</summary>
    public string Embed(string ids, string positions)
    {
        var words = graph.Node("Gather", "/embeddings/words", [Weight(layout.Embeddings.Words.Key), ids]);
        var places = graph.Node("Gather", "/embeddings/positions", [Weight(layout.Embeddings.Positions.Key), positions]);
        return Norm(EmbeddingSum(words, places), layout.Embeddings.Norm);
    }

    /// <summary>The sum of words and positions, each [..., width].</summary>
    public string EmbeddingSum(string words, string positions) => graph.Node("Add", "/embeddings/sum", [words, positions]);

    /// <summary>Layer normalisation over the last axis.</summary>
    public string Norm(string x, NormLayout norm)
    {
        var y = PlainNorm(x, norm);
        return plan is null ? y : graph.KernelNode(VariantNodes.Behind(norm.Name), y, plan);
    }

    private string PlainNorm(string x, NormLayout norm) => graph.Opset >= 17
        ? graph.Node("LayerNormalization", $"/{norm.Name}", [x, Weight(norm.Weight), Weight(norm.Bias)],
            Int("axis", -1), Float("epsilon", layout.Shape.NormEpsilon))
        : NormInSteps(x, norm);

    /// <summary>norm(x + output(context)).</summary>
    public string AttentionOutput(string context, string x, BlockLayout block)
    {
        var sum = graph.Node("Add", $"/{block.Output.Name}/residual", [Linear(context, block.Output), x]);
        return Norm(sum, block.AttentionNorm);
    }

    /// <summary>norm(x + down(activation(up(x)))).</summary>
    public string FeedForward(string x, BlockLayout block)
    {
        var active = Activate(Linear(x, block.Up), layout.Shape.Activation, $"/{block.Up.Name}");
        var sum = graph.Node("Add", $"/{block.Down.Name}/residual", [Linear(active, block.Down), x]);
        return Norm(sum, block.OutputNorm);
    }

    /// <summary>Pooler and head over the rows of the texts' first tokens [texts, width]: logits [texts, labels] in fp32.</summary>
    public string Head(string first)
    {
        var x = layout.Pooler is { } pooler
            ? Activate(Adapted(ExactLinear(first, pooler), first, pooler), Activation.Tanh, $"/{pooler.Name}") : first;
        foreach (var step in layout.Head.Linears)
        {
            x = Adapted(ExactLinear(x, step.Linear), x, step.Linear);
            x = step.Activation is { } activation ? Activate(x, activation, $"/{step.Linear.Name}") : x;
        }

        return graph.Node(FloatType == TensorProto.Types.DataType.Float ? "Identity" : "Cast", "logits", [x],
            FloatType == TensorProto.Types.DataType.Float ? [] : [Int("to", (long)TensorProto.Types.DataType.Float)]);
    }

    /// <summary>A scalar in the graph's float type.</summary>
    public string Scalar(string name, double value) => graph.Initializer(Tensors.Scalar(name, FloatType, value));

    /// <summary>An activation, under names that begin with <paramref name="scope"/>.</summary>
    public string Activate(string x, Activation activation, string scope) => activation switch
    {
        Activation.Gelu => Gelu(x, scope),
        Activation.GeluTanh => GeluTanh(x, $"{scope}/gelu"),
        Activation.Relu => graph.Node("Relu", $"{scope}/relu", [x]),
        _ => graph.Node("Tanh", $"{scope}/tanh", [x]),
    };

    /// <summary>Whether a module reads what the activation function gave.</summary>
    private bool ReadsActivation(LinearLayout linear) => layout.Blocks.Any(block => block.Down.Name == linear.Name);

    /// <summary>½·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))).</summary>
    private string GeluTanh(string x, string scope)
    {
        var square = graph.Node("Mul", $"{scope}/square", [x, x]);
        var cube = graph.Node("Mul", $"{scope}/cube", [square, x]);
        var bent = graph.Node("Add", $"{scope}/bent", [x, graph.Node("Mul", $"{scope}/small", [cube, Scalar("gelu_cube", 0.044715)])]);
        var tanh = graph.Node("Tanh", $"{scope}/tanh", [graph.Node("Mul", $"{scope}/scaled", [bent, Scalar("gelu_scale", Math.Sqrt(2 / Math.PI))])]);
        var product = graph.Node("Mul", $"{scope}/product", [x, graph.Node("Add", $"{scope}/sum", [tanh, Scalar("one", 1)])]);
        return graph.Node("Mul", scope, [product, Scalar("half", 0.5)]);
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
    private string NormInSteps(string x, NormLayout norm)
    {
        var scope = $"/{norm.Name}";
        var mean = graph.Node("ReduceMean", $"{scope}/mean", [x], Ints("axes", -1), Int("keepdims", 1));
        var centred = graph.Node("Sub", $"{scope}/centred", [x, mean]);
        var squared = graph.Node("Mul", $"{scope}/squared", [centred, centred]);
        var variance = graph.Node("ReduceMean", $"{scope}/variance", [squared], Ints("axes", -1), Int("keepdims", 1));
        var shifted = graph.Node("Add", $"{scope}/shifted", [variance, Scalar("epsilon", layout.Shape.NormEpsilon)]);
        var deviation = graph.Node("Sqrt", $"{scope}/deviation", [shifted]);
        var normal = graph.Node("Div", $"{scope}/normal", [centred, deviation]);
        var weighted = graph.Node("Mul", $"{scope}/weighted", [normal, Weight(norm.Weight)]);
        return graph.Node("Add", scope, [weighted, Weight(norm.Bias)]);
    }
}
