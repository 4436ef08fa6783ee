using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Encoders;
using static LoraOnnx.Graph.GraphBuilder;

namespace LoraOnnx.Graph.Gradients;

/// <summary>A linear forward and backward: frozen, frozen beside an adapter that learns, or one that learns itself.</summary>
internal sealed class LinearGradient(GradientScope scope, EncoderNodes nodes, LinearLayout linear, TrainedTensors trained)
{
    private readonly LoraModule? _adapter = trained.AdapterOf(linear);

    private string _x = "";
    private Dropped? _dropped;
    private string _low = "";
    private Dora? _dora;

    /// <summary>True where it learns.</summary>
    public bool Learns => trained.Holds(linear);

    /// <summary>Width of what it reads.</summary>
    public int In => linear.In;

    /// <summary>True where an adapter learns beside it.</summary>
    public bool IsAdapted => _adapter is not null;

    private string AdapterInput => _dropped?.Value ?? _x;

    /// <summary>y [n, out] of x [n, in]; an adapter reads what dropout left of x, where it did.</summary>
    public string Forward(string x, Dropped? dropped = null)
    {
        (_x, _dropped) = (x, dropped);
        if (_adapter is null)
        {
            return nodes.Linear(x, linear);
        }

        if (_adapter.Magnitude is not { } magnitude)
        {
            (_low, var y) = LoraRule.Output(scope, AdapterInput, _adapter.A.Name, _adapter.B.Name, _adapter.Scale, nodes.Linear(x, linear));
            return y;
        }

        var plain = scope.Node("Gemm", "plain", [x, nodes.Weight(linear.Weight)], Int("transB", 1));
        (_low, var v) = LoraRule.Output(scope, AdapterInput, _adapter.A.Name, _adapter.B.Name, _adapter.Scale, plain);
        var norms = DoraRule.Norms(scope, nodes.Weight(linear.Weight), _adapter.A.Name, _adapter.B.Name, _adapter.Scale);
        _dora = new Dora(v, norms, DoraRule.Factors(scope, magnitude.Name, norms), magnitude.Name);
        return DoraRule.Output(scope, v, _dora.Factors, nodes.Weight(linear.Bias));
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

        if (_adapter is null)
        {
            return asksInput ? LinearRule.Input(scope, dy, nodes.Weight(linear.Weight), addTo) : null;
        }

        var dv = dy;
        if (_dora is { } dora)
        {
            trained.Found(dora.Magnitude, DoraRule.Magnitude(scope, dy, dora.Unscaled, dora.Norms));
            dv = DoraRule.Unscaled(scope, dy, dora.Factors);
        }

        var dlow = LoraRule.Low(scope, dv, _adapter.B.Name, _adapter.Scale);
        trained.Found(_adapter.A.Name, LoraRule.Down(scope, dlow, AdapterInput));
        trained.Found(_adapter.B.Name, LoraRule.Up(scope, dv, _low, _adapter.Scale));
        return asksInput ? Input(dlow, _adapter.A.Name, LinearRule.Input(scope, dv, nodes.Weight(linear.Weight), addTo)) : null;
    }

    private string Input(string dlow, string a, string ofBase) => _dropped is { } dropped
        ? scope.Node("Add", "dx_sum", [DropoutRule.Output(scope.In("back"), LoraRule.Input(scope, dlow, a), dropped.Mask), ofBase])
        : LoraRule.Input(scope, dlow, a, ofBase);

    /// <summary>What the backward pass needs of DoRA.</summary>
    private sealed record Dora(string Unscaled, string Norms, string Factors, string Magnitude);
}
