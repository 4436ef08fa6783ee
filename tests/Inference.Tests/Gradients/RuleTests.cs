using LoraOnnx.Graph.Gradients;

namespace LoraOnnx.Inference.Tests.Gradients;

/// <summary>Every differentiation rule against central differences in double.</summary>
public sealed class RuleTests : IDisposable
{
    private readonly DifferenceCheck _check = new();

    private GradientScope Scope => _check.Scope;

    public void Dispose() => _check.Dispose();

    [Fact]
    public void Linear()
    {
        var (x, weight, bias) = (_check.Input("x", 0, 3, 4), _check.Input("weight", 0, 2, 4), _check.Input("bias", 0, 2));
        var dy = _check.Input("dy", 0, 3, 2);

        _check.Check(LinearRule.Output(Scope, x, weight, bias), dy, (x, LinearRule.Input(Scope, dy, weight)),
            (weight, LinearRule.Weight(Scope, dy, x)), (bias, LinearRule.Bias(Scope, dy)));
    }

    [Fact]
    public void Lora()
    {
        var (x, a, b) = (_check.Input("x", 0, 3, 5), _check.Input("a", 0, 2, 5), _check.Input("b", 0, 4, 2));
        var (frozen, dy) = (_check.Input("frozen", 0, 3, 4), _check.Input("dy", 0, 3, 4));

        var (low, y) = LoraRule.Output(Scope, x, a, b, 1.5, frozen);
        var dlow = LoraRule.Low(Scope, dy, b, 1.5);

        _check.Check(y, dy, (x, LoraRule.Input(Scope, dlow, a)), (a, LoraRule.Down(Scope, dlow, x)), (b, LoraRule.Up(Scope, dy, low, 1.5)),
            (frozen, dy));
    }

    [Fact]
    public void Dora_with_norms_that_are_constants()
    {
        var (x, a, b) = (_check.Input("x", 0, 3, 5), _check.Input("a", 0, 2, 5), _check.Input("b", 0, 4, 2));
        var (weight, bias, magnitude) = (_check.Input("weight", 0, 4, 5), _check.Input("bias", 0, 4), _check.Input("magnitude", 2, 4));
        var (norms, dy) = (_check.Input("norms", 2, 4), _check.Input("dy", 0, 3, 4));

        var plain = Scope.Node("MatMul", "plain", [x, Scope.Node("Transpose", "turned", [weight])]);
        var (low, v) = LoraRule.Output(Scope, x, a, b, 1.5, plain);
        var factors = DoraRule.Factors(Scope, magnitude, norms);
        var dv = DoraRule.Unscaled(Scope, dy, factors);
        var dlow = LoraRule.Low(Scope, dv, b, 1.5);

        _check.Check(DoraRule.Output(Scope, v, factors, bias), dy,
            (x, LinearRule.Input(Scope, dv, weight, LoraRule.Input(Scope, dlow, a))), (a, LoraRule.Down(Scope, dlow, x)),
            (b, LoraRule.Up(Scope, dv, low, 1.5)), (magnitude, DoraRule.Magnitude(Scope, dy, v, norms)));
    }

    [Fact]
    public void Layer_norm()
    {
        var (x, factors, bias) = (_check.Input("x", 0, 3, 6), _check.Input("factors", 1, 6), _check.Input("bias", 0, 6));
        var dy = _check.Input("dy", 0, 3, 6);

        var y = Scope.Node("LayerNormalization", "y", [x, factors, bias],
            Graph.GraphBuilder.Int("axis", -1), Graph.GraphBuilder.Float("epsilon", 1e-5));

        _check.Check(y, dy, (x, LayerNormRule.Input(Scope, dy, x, factors, 1e-5)));
    }

    [Fact]
    public void Gelu_with_tanh()
    {
        var (x, dy) = (_check.Input("x", [-4, -1.5, -0.3, 0, 0.2, 1.1, 5], 7), _check.Input("dy", 0, 7));
        var inner = Scope.Node("Mul", "k_x", [x, Scope.Number(Math.Sqrt(2 / Math.PI))]);
        var cube = Scope.Node("Mul", "c_x2", [Scope.Node("Mul", "x2", [x, x]), Scope.Number(0.044715)]);
        var tanh = Scope.Node("Tanh", "t", [Scope.Node("Mul", "k_x_bent", [inner, Scope.Node("Add", "bent", [cube, Scope.Number(1)])])]);
        var half = Scope.Node("Mul", "half_x", [x, Scope.Number(0.5)]);

        _check.Check(Scope.Node("Mul", "y", [half, Scope.Node("Add", "one_t", [tanh, Scope.Number(1)])]), dy,
            (x, GeluTanhRule.Input(Scope, dy, x)));
    }

    [Fact]
    public void Gelu()
    {
        var (x, dy) = (_check.Input("x", [-4, -1.5, -0.3, 0, 0.2, 1.1, 5], 7), _check.Input("dy", 0, 7));
        var erf = Scope.Node("Erf", "erf_x", [Scope.Node("Mul", "x_root", [x, Scope.Number(1 / Math.Sqrt(2))])]);
        var half = Scope.Node("Mul", "half_x", [x, Scope.Number(0.5)]);

        _check.Check(Scope.Node("Mul", "y", [half, Scope.Node("Add", "one_erf", [erf, Scope.Number(1)])]), dy, (x, GeluRule.Input(Scope, dy, x)));
    }

    [Fact]
    public void Relu()
    {
        var (x, dy) = (_check.Input("x", [-2, -0.01, 0.01, 3], 4), _check.Input("dy", 0, 4));

        var y = Scope.Node("Relu", "y", [x]);

        _check.Check(y, dy, (x, ReluRule.Input(Scope, dy, y)));
    }

    [Fact]
    public void Tanh()
    {
        var (x, dy) = (_check.Input("x", [-2, -0.01, 0, 0.5, 3], 5), _check.Input("dy", 0, 5));

        var y = Scope.Node("Tanh", "y", [x]);

        _check.Check(y, dy, (x, TanhRule.Input(Scope, dy, y)));
    }

    [Theory]
    [InlineData(false, 3)]
    [InlineData(true, 3)]
    [InlineData(true, 1)]
    public void Softmax_attention(bool dropsAndMasks, int queries)
    {
        var (query, key, value) = (_check.Input("q", 0, 2, 2, queries, 4), _check.Input("k", 0, 2, 2, 3, 4), _check.Input("v", 0, 2, 2, 3, 4));
        var dy = _check.Input("dy", 0, 2, 2, queries, 4);
        var infinity = double.NegativeInfinity;
        var mask = dropsAndMasks ? _check.Input("mask", [0, 0, 0, 0, 0, infinity], 2, 1, 1, 3) : null; // the second text is shorter
        var kept = dropsAndMasks
            ? _check.Input("kept", [.. Enumerable.Range(0, 12 * queries).Select(place => place % 5 == 0 ? 0 : 1.25)], 2, 2, queries, 3)
            : null;

        var saved = AttentionRule.Output(Scope, query, key, value, mask, kept);
        var (dq, dk, dv) = AttentionRule.Inputs(Scope.In("back"), dy, saved);

        _check.Check(saved.Context, dy, (query, dq), (key, dk), (value, dv));
    }

    [Fact]
    public void Embedding_rows_that_several_tokens_read_sum_up()
    {
        var (table, before) = (_check.Input("table", 0, 4, 3), _check.Input("before", 0, 4, 3));
        var dy = _check.Input("dy", 0, 5, 3);
        var rows = _check.Graph.Initializer(Graph.Tensors.Int64("rows", [1, 3, 1, 0, 1]));
        var zeros = Scope.Node("Sub", "zeros", [before, before]);

        _check.Check(EmbeddingRule.Output(Scope, table, rows), dy, (table, EmbeddingRule.Table(Scope, dy, rows, zeros)));
    }

    [Fact]
    public void Cross_entropy_with_label_smoothing_and_class_weights()
    {
        var (logits, labels) = (_check.Input("z", 0, 3, 4), _check.Input("labels", [0, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0], 3, 4));
        var (weights, normalizer, one) = (_check.Input("weights", 2, 4), _check.Input("n", [5.5]), _check.Input("one", [1.0]));

        var targets = CrossEntropyRule.Targets(Scope, labels, weights, 0.1, 4);

        _check.Check(CrossEntropyRule.Loss(Scope, logits, targets, normalizer), one,
            (logits, CrossEntropyRule.Logits(Scope, logits, targets, normalizer)));
    }

    [Fact]
    public void Binary_cross_entropy_with_label_smoothing_and_class_weights()
    {
        var (logits, labels) = (_check.Input("z", 0, 2, 3), _check.Input("labels", [0, 1, 1, 0, 0, 1], 2, 3));
        var (weights, normalizer, one) = (_check.Input("weights", 2, 3), _check.Input("n", [6.0]), _check.Input("one", [1.0]));

        var targets = BinaryCrossEntropyRule.Targets(Scope, labels, 0.1);

        _check.Check(BinaryCrossEntropyRule.Loss(Scope, logits, targets, weights, normalizer), one,
            (logits, BinaryCrossEntropyRule.Logits(Scope, logits, targets, weights, normalizer)));
    }
}
