using LoraOnnx.Training.Engine;

namespace LoraOnnx.Training.Learning;

/// <summary>What AdamW does to parameters of one kind in one step: shrinks them, then moves them against mean/(root of the mean square + ε) by a
/// stride.</summary>
internal readonly record struct UpdateRates(double Shrink, double Stride)
{
    /// <summary>For a kind, at the learning rates of a step (counted from 1).</summary>
    public static UpdateRates Of(ParameterKind kind, double learningRate, double headLearningRate, double loraPlusRatio, OptimizerConstants constants,
        long step)
    {
        var rate = kind switch
        {
            ParameterKind.HeadWeight or ParameterKind.HeadBias => headLearningRate,
            ParameterKind.AdapterUp => learningRate * loraPlusRatio,
            _ => learningRate,
        };
        return new UpdateRates(kind == ParameterKind.HeadBias ? 1 : 1 - (rate * constants.WeightDecay), rate / (1 - Math.Pow(constants.Beta1, step)));
    }
}
