using LoraOnnx.Model.Adapters.Kinds;
using static LoraOnnx.Graph.GraphBuilder;

namespace LoraOnnx.Graph.Gradients;

/// <summary>DoRA by <see cref="DoraRule"/>, over LoRA.</summary>
internal sealed class DoraGradient(AdapterPlace place) : AdapterGradient(place)
{
    private string _unscaled = "";
    private string _norms = "";
    private string _factors = "";

    /// <inheritdoc/>
    public override string Forward(string x, string input)
    {
        var (scope, weight) = (Place.Scope, Place.Nodes.Weight(Place.Linear.Weight));
        _unscaled = Sum(input, scope.Node("Gemm", "plain", [x, weight], Int("transB", 1)));
        _norms = DoraRule.Norms(scope, weight, A, B, Place.Adapter.Scale);
        _factors = DoraRule.Factors(scope, Tensor(AdapterPart.Magnitude), _norms);
        return DoraRule.Output(scope, _unscaled, _factors, Place.Nodes.Weight(Place.Linear.Bias));
    }

    /// <inheritdoc/>
    public override string Backward(string dy)
    {
        Place.Trained.Found(Tensor(AdapterPart.Magnitude), DoraRule.Magnitude(Place.Scope, dy, _unscaled, _norms));
        return base.Backward(DoraRule.Unscaled(Place.Scope, dy, _factors));
    }
}
