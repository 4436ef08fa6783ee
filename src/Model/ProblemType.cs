namespace LoraOnnx.Model;

/// <summary>What the logits mean: <c>problem_type</c> of config.json.</summary>
public enum ProblemType
{
    /// <summary>One of N classes: softmax, cross-entropy.</summary>
    SingleLabel,

    /// <summary>Any of N classes: sigmoid each, binary cross-entropy.</summary>
    MultiLabel,
}
