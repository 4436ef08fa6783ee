namespace LoraOnnx.Graph.Gradients;

/// <summary>
/// y = ½·x·(1 + t) with t = tanh(k·(x + c·x³)), k = √(2/π), c = 0.044715: dx = dy·(½·(1 + t) + ½·x·(1 − t²)·k·(1 + 3·c·x²)), number by number.
/// </summary>
internal static class GeluTanhRule
{
    private const double C = 0.044715;

    private static readonly double _k = Math.Sqrt(2 / Math.PI);

    /// <summary>dx.</summary>
    public static string Input(GradientScope scope, string dy, string x)
    {
        var one = scope.Number(1);
        var square = scope.Node("Mul", "square", [x, x]);
        var bend = scope.Node("Add", "bend", [scope.Node("Mul", "small", [square, scope.Number(C)]), one]); // 1 + c·x²
        var steep = scope.Node("Add", "steep", [scope.Node("Mul", "three_small", [square, scope.Number(3 * C)]), one]);
        var scaled = scope.Node("Mul", "scaled", [x, scope.Number(_k)]); // k·x
        var tanh = scope.Node("Tanh", "tanh", [scope.Node("Mul", "inner", [scaled, bend])]);
        var flat = scope.Node("Sub", "flat", [one, scope.Node("Mul", "tanh_square", [tanh, tanh])]); // 1 − t²
        var slope = scope.Node("Mul", "slope", [scope.Node("Mul", "scaled_flat", [scaled, flat]), steep]);
        var doubled = scope.Node("Add", "doubled", [scope.Node("Add", "above", [tanh, slope]), one]);
        return scope.Node("Mul", "dx", [scope.Node("Mul", "product", [doubled, dy]), scope.Number(0.5)]);
    }
}
