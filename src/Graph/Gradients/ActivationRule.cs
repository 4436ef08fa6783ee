using LoraOnnx.Model.Encoders;

namespace LoraOnnx.Graph.Gradients;

/// <summary>The rule of an activation by its name.</summary>
internal static class ActivationRule
{
    /// <summary>dx, of y = activation(x).</summary>
    public static string Input(GradientScope scope, Activation activation, string dy, string x, string y) => activation switch
    {
        Activation.Gelu => GeluRule.Input(scope, dy, x),
        Activation.GeluTanh => GeluTanhRule.Input(scope, dy, x),
        Activation.Relu => ReluRule.Input(scope, dy, y),
        _ => TanhRule.Input(scope, dy, y),
    };
}
