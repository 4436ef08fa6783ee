using LoraOnnx.Model.Encoders;

namespace LoraOnnx.Graph.Gradients;

/// <summary>Pooler and head of frozen weights, forward and backward: from the first tokens' states [B, H] to logits [B, labels].</summary>
internal sealed class HeadGradient(GraphBuilder graph, EncoderNodes nodes, EncoderLayout layout)
{
    private readonly Stack<Step> _steps = [];

    /// <summary>The logits.</summary>
    public string Forward(string first)
    {
        var x = first;
        foreach (var step in VariantNodes.Head(layout))
        {
            var y = nodes.ExactLinear(x, step.Linear);
            x = step.Activation is { } activation ? nodes.Activate(y, activation, $"/{step.Linear.Name}") : y;
            _steps.Push(new Step(step, y, x));
        }

        return x;
    }

    /// <summary>The derivative by what <see cref="Forward"/> took.</summary>
    public string Backward(string dLogits)
    {
        var d = dLogits;
        while (_steps.TryPop(out var done))
        {
            var scope = new GradientScope(graph, nodes.FloatType, $"/gradient/{done.Layout.Linear.Name}");
            d = done.Layout.Activation is { } activation ? ActivationRule.Input(scope.In("activation"), activation, d, done.Linear, done.Active) : d;
            d = LinearRule.Input(scope, d, nodes.Weight(done.Layout.Linear.Weight));
        }

        return d;
    }

    private readonly record struct Step(HeadLinear Layout, string Linear, string Active);
}
