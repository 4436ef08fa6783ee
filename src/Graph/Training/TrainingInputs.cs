namespace LoraOnnx.Graph.Training;

/// <summary>Inputs and outputs of the graphs that train, beside the trained tensors and the masks of dropout. Letters: B texts, T rows with a token
/// each, W the width that attention is padded to.</summary>
public static class TrainingInputs
{
    /// <summary>Token ids of all texts, end to end, int32 [T]; where attention has padding, one more row that no text has.</summary>
    public const string Ids = "input_ids";

    /// <summary>The row of the position embedding of each token, int32 [T].</summary>
    public const string Positions = "positions";

    /// <summary>The row in each slot of the padded layout, int32 [B, W]; in padding the one that no text has, whose gradient is 0.</summary>
    public const string Slots = "slots";

    /// <summary>The slot of each row in the padded layout, flattened, int32 [T]; that of the row without a text is one with padding.</summary>
    public const string Rows = "rows";

    /// <summary>What is added to scores: 0 for tokens, −∞ or as good for padding [B, 1, 1, W].</summary>
    public const string Padding = "padding";

    /// <summary>The row of each text's [CLS], int32 [B].</summary>
    public const string First = "first";

    /// <summary>What a head alone reads [B, width].</summary>
    public const string Features = "features";

    /// <summary>1 for classes that hold, else 0 [B, labels].</summary>
    public const string Labels = "labels";

    /// <summary>What the loss is divided by: the weight of all texts of a step, as its parts are added up; a number.</summary>
    public const string Weight = "weight";

    /// <summary>An output: a part's share of the loss.</summary>
    public const string Loss = "loss";

    /// <summary>An output: logits [B, labels].</summary>
    public const string Logits = "logits";

    /// <summary>An output: what the head reads [B, width].</summary>
    public const string HeadInput = "head_input";

    /// <summary>An output: the gradient of a trained tensor.</summary>
    public static string Gradient(string tensor) => $"{tensor}.gradient";
}
