using LoraOnnx.Model;
using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Evaluation.Choices;

/// <summary>The temperature that makes scores honest: the one with the lowest log loss. The order of labels, and so the most likely one,
/// stays.</summary>
internal static class TemperatureChoice
{
    /// <summary>A model that is never wrong would ask for 0, one that knows nothing for infinity.</summary>
    private const double Lowest = 0.05;
    private const double Highest = 20;

    /// <summary>In the logarithm: five digits of the temperature.</summary>
    private const double Tolerance = 1e-6;

    /// <summary>Golden-section search: the log loss is convex in 1/temperature, so it has one valley.</summary>
    public static double Choose(IReadOnlyList<IReadOnlyList<int>> labels, IReadOnlyList<float[]> logits, ProblemType problemType)
    {
        var share = (Math.Sqrt(5) - 1) / 2;
        var (low, high) = (Math.Log(Lowest), Math.Log(Highest));
        var (left, right) = (high - (share * (high - low)), low + (share * (high - low)));
        var (leftLoss, rightLoss) = (Loss(left), Loss(right));
        while (high - low > Tolerance)
        {
            if (leftLoss <= rightLoss)
            {
                (high, right, rightLoss) = (right, left, leftLoss);
                left = high - (share * (high - low));
                leftLoss = Loss(left);
            }
            else
            {
                (low, left, leftLoss) = (left, right, rightLoss);
                right = low + (share * (high - low));
                rightLoss = Loss(right);
            }
        }

        return Math.Exp((low + high) / 2);

        double Loss(double logarithm)
        {
            var texts = new ScoredTexts(logits[0].Length, problemType, new Calibration { Temperature = Math.Exp(logarithm) });
            for (var text = 0; text < logits.Count; text++)
            {
                texts.AddLogits(labels[text], logits[text]);
            }

            return Enumerable.Range(0, texts.Count).Average(text => ProbabilityLoss.LogLoss(texts, text));
        }
    }
}
