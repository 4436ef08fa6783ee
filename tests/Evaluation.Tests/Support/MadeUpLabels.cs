namespace LoraOnnx.Evaluation.Tests.Support;

/// <summary>What labels of made-up texts are.</summary>
public enum MadeUpLabels
{
    TwoClasses,
    ThreeClasses,

    /// <summary>Any of three.</summary>
    SeveralLabels,
}
