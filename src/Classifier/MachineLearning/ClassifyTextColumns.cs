namespace LoraOnnx.MachineLearning;

/// <summary>Names of the column that is read and of those that are added.</summary>
public sealed record ClassifyTextColumns
{
    /// <summary>The texts; of type text.</summary>
    public string Text { get; init; } = "Text";

    /// <summary>Text: name of the answered class, <see cref="TextClassification.Label"/>.</summary>
    public string PredictedLabel { get; init; } = "PredictedLabel";

    /// <summary>Single, 0 to 1: <see cref="TextClassification.Score"/>.</summary>
    public string Probability { get; init; } = "Probability";

    /// <summary>Vector of Single, a score for each class in the order of the model; the classes are its slot names.</summary>
    public string Score { get; init; } = "Score";

    /// <summary>Vector of text, of a model with several labels a text: those at or above their threshold. Empty otherwise.</summary>
    public string PredictedLabels { get; init; } = "PredictedLabels";

    /// <summary>Int32: tokens that the model read.</summary>
    public string Tokens { get; init; } = "Tokens";

    /// <summary>Boolean: the text was longer than the model reads.</summary>
    public string IsTruncated { get; init; } = "IsTruncated";
}
