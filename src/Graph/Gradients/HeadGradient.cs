using LoraOnnx.Model.Encoders;

namespace LoraOnnx.Graph.Gradients;

/// <summary>Pooler and head, forward and backward: from the first tokens' states [B, H] to logits [B, labels].</summary>
internal sealed class HeadGradient(GraphBuilder graph, EncoderNodes nodes, EncoderLayout layout, TrainedTensors trained)
{
    private readonly Stack<Step> _steps = [];

    /// <summary>The logits.</summary>
    public string Forward(string first)
    {
        var x = first;
        foreach (var step in VariantNodes.Head(layout))
        {
            var scope = new GradientScope(graph, nodes.FloatType, $"/gradient/{step.Linear.Name}");
            var linear = new LinearGradient(scope, nodes, step.Linear, trained);
            var y = linear.Forward(x);
            x = step.Activation is { } activation ? nodes.Activate(y, activation, $"/{step.Linear.Name}") : y;
            _steps.Push(new Step(scope, step, linear, y, x));
        }

        return x;
    }

    /// <summary>The derivative by what <see cref="Forward"/> took; null where it is not asked for.</summary>
    public string? Backward(string dLogits, bool asksInput)
    {
        string? d = dLogits;
        while (d is not null && _steps.TryPop(out var done))
        {
            d = done.Layout.Activation is { } activation
                ? ActivationRule.Input(done.Scope.In("activation"), activation, d, done.Given, done.Active)
                : d;
            d = done.Linear.Backward(d, asksInput || _steps.Any(step => step.Linear.Learns));
        }

        return d;
    }

    private readonly record struct Step(GradientScope Scope, HeadLinear Layout, LinearGradient Linear, string Given, string Active);
}
