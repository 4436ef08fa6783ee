namespace LoraOnnx.Graph;

/// <summary>Inputs of the serving-shaped graph, all int32. Letters: B texts, T tokens of all texts, W the width that attention is padded
/// to.</summary>
public static class PackedInputs
{
    /// <summary>The largest W that may have padding in it; wider, W must be the length of every text, or attention takes the slow way.</summary>
    public const int WidestMask = 64;

    /// <summary>Token ids of all texts, end to end [T].</summary>
    public const string Ids = "input_ids";

    /// <summary>Place of each token in its text [T].</summary>
    public const string Positions = "positions";

    /// <summary>The token in each slot of the padded layout [B, W]; any token where there is padding.</summary>
    public const string Slots = "slots";

    /// <summary>The slot of each token in the padded layout, flattened [T].</summary>
    public const string Rows = "rows";

    /// <summary>Tokens of each text [B].</summary>
    public const string Lengths = "lengths";

    /// <summary>The first token, [CLS], of each text [B].</summary>
    public const string First = "first";

    /// <summary>The output: logits [B, labels].</summary>
    public const string Logits = "logits";

    /// <summary>The domain of operators that src/Inference adds to a session and computes itself; never in a file.</summary>
    public const string KernelDomain = "lora-onnx";

    /// <summary>All inputs, in the order of the graph.</summary>
    public static readonly IReadOnlyList<string> All = [Ids, Positions, Slots, Rows, Lengths, First];
}
