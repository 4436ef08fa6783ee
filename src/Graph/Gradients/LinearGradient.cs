using LoraOnnx.Model.Encoders;

namespace LoraOnnx.Graph.Gradients;

/// <summary>A linear forward and backward: frozen, frozen beside an adapter that learns, or one that learns itself.</summary>
internal sealed class LinearGradient(GradientScope scope, EncoderNodes nodes, LinearLayout linear, TrainedTensors trained)
{
    private readonly AdapterGradient? _adapter = trained.AdapterOf(linear) is { } adapter
        ? AdapterGradient.Of(new AdapterPlace(scope, nodes, linear, adapter, trained))
        : null;

    private string _x = "";
    private Dropped? _dropped;

    /// <summary>True where it learns.</summary>
    public bool Learns => trained.Holds(linear);

    /// <summary>Width of what it reads.</summary>
    public int In => linear.In;

    /// <summary>True where an adapter learns beside it.</summary>
    public bool IsAdapted => _adapter is not null;

    /// <summary>y [n, out] of x [n, in]; an adapter reads what dropout left of x, where it did.</summary>
    public string Forward(string x, Dropped? dropped = null)
    {
        (_x, _dropped) = (x, dropped);
        return _adapter is null ? nodes.Linear(x, linear) : _adapter.Forward(x, dropped?.Value ?? x);
    }

    /// <summary>Finds what the gradients of its own tensors are.</summary>
    /// <returns>dx, with <paramref name="addTo"/> their sum; null where it is not asked for.</returns>
    public string? Backward(string dy, bool asksInput, string? addTo = null)
    {
        if (trained.IsWhole(linear))
        {
            trained.Found(linear.Weight, LinearRule.Weight(scope, dy, _x));
            trained.Found(linear.Bias, LinearRule.Bias(scope, dy));
        }

        var given = _adapter?.Backward(dy) ?? dy;
        if (!asksInput)
        {
            return null;
        }

        var ofBase = LinearRule.Input(scope, given, nodes.Weight(linear.Weight), addTo);
        return (_adapter, _dropped) switch
        {
            (null, _) => ofBase,
            ({ } adapter, { } dropped) =>
                scope.Node("Add", "dx_sum", [DropoutRule.Output(scope.In("back"), adapter.Input(), dropped.Mask), ofBase]),
            ({ } adapter, null) => adapter.Input(ofBase),
        };
    }
}
