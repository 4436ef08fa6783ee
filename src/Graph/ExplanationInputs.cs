namespace LoraOnnx.Graph;

/// <summary>Inputs and outputs of the graph that explains. Letters: W tokens of the text, S points between baseline and text.</summary>
public static class ExplanationInputs
{
    /// <summary>The text's ids, int32 [W].</summary>
    public const string Ids = "input_ids";

    /// <summary>The baseline's ids, int32 [W].</summary>
    public const string Baseline = "baseline_ids";

    /// <summary>The row of the position embedding of each token, int32 [W].</summary>
    public const string Positions = "positions";

    /// <summary>The row of [CLS] at each point, W·s, int32 [S].</summary>
    public const string First = "first";

    /// <summary>Where each point lies: 0 the baseline, 1 the text, float [S].</summary>
    public const string Points = "points";

    /// <summary>1 for the class whose logit is asked for, else 0, float [labels].</summary>
    public const string Class = "class";

    /// <summary>An output: the derivative of the class's logit along the line, each token's part, float [S, W]. The other is
    /// <see cref="PackedInputs.Logits"/> [S, labels].</summary>
    public const string Along = "along";

    /// <summary>All inputs, in the order of the graph.</summary>
    public static readonly IReadOnlyList<string> All = [Ids, Baseline, Positions, First, Points, Class];
}
