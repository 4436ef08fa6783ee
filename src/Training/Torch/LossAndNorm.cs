using LoraOnnx.Training.Engine;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Torch;

/// <summary>Loss and gradient norm of a step in one tensor: one transfer when somebody asks.</summary>
internal static class LossAndNorm
{
    /// <summary>The result of a step over so many texts and tokens.</summary>
    public static StepResult Result(int texts, int tokens, Tensor loss, Tensor norm)
    {
        var both = cat([loss.view(1), norm.view(1)], 0).DetachFromDisposeScope();
        return new StepResult(texts, () =>
        {
            using var onCpu = both.cpu();
            var values = onCpu.data<float>().ToArray();
            both.Dispose();
            return (values[0], values[1]);
        })
        {
            Tokens = tokens,
        };
    }
}
