using LoraOnnx.Graph.Training;
using LoraOnnx.Model.Encoders;

namespace LoraOnnx.Graph.Gradients;

/// <summary>Linear steps on a row a text, forward and backward: pooler and head, from the first tokens' states [B, H] to logits
/// [B, labels].</summary>
internal sealed class HeadGradient(
    GraphBuilder graph, EncoderNodes nodes, IEnumerable<HeadLinear> layout, TrainedTensors trained, DropoutMasks? masks = null)
{
    private readonly Stack<Step> _steps = [];
    private readonly DropoutMasks _masks = masks ?? DropoutMasks.None;

    /// <summary>The logits.</summary>
    public string Forward(string first)
    {
        var x = first;
        foreach (var step in layout)
        {
            var scope = new GradientScope(graph, nodes.FloatType, $"/gradient/{step.Linear.Name}");
            var linear = new LinearGradient(scope, nodes, step.Linear, trained);
            var before = step.DropsInput ? Drop(scope.In("before"), x, step, _masks.Dropout.Head) : null;
            x = before?.Value ?? x;
            var y = linear.Forward(x, linear.IsAdapted ? Drop(scope.In("adapter"), x, step, _masks.Dropout.Adapters) : null);
            x = step.Activation is { } activation ? nodes.Activate(y, activation, $"/{step.Linear.Name}") : y;
            _steps.Push(new Step(scope, step, linear, before, y, x));
        }

        return x;
    }

    private Dropped? Drop(GradientScope scope, string x, HeadLinear step, double probability) =>
        _masks.Of(scope, x, DropoutRows.Texts, step.Linear.In, probability);

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
            d = d is not null && done.Before is { } before ? DropoutRule.Output(done.Scope.In("before_back"), d, before.Mask) : d;
        }

        return d;
    }

    private readonly record struct Step(GradientScope Scope, HeadLinear Layout, LinearGradient Linear, Dropped? Before, string Given, string Active);
}
