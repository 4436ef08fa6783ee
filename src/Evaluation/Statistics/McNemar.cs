using LoraOnnx.Model.Metrics;
using MathNet.Numerics.Distributions;

namespace LoraOnnx.Evaluation.Statistics;

/// <summary>McNemar's exact test: of the texts on which exactly one of two models is right, would a fair coin share them out so unevenly?</summary>
internal readonly record struct McNemar(long OnlyFirstRight, long OnlySecondRight)
{
    /// <summary>Two-sided probability under the hypothesis that both models are right equally often; 1 when they never differ.</summary>
    public double PValue => Math.Min(1, 2 * Binomial.CDF(0.5, (int)(OnlyFirstRight + OnlySecondRight), Math.Min(OnlyFirstRight, OnlySecondRight)));

    /// <summary>Compares two models' answers to the same texts.</summary>
    public static McNemar Of(ScoredTexts first, ScoredTexts second)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(second.Count, first.Count);
        long onlyFirst = 0, onlySecond = 0;
        for (var text = 0; text < first.Count; text++)
        {
            var (a, b) = (first.IsRight(text), second.IsRight(text));
            onlyFirst += a && !b ? 1 : 0;
            onlySecond += b && !a ? 1 : 0;
        }

        return new McNemar(onlyFirst, onlySecond);
    }
}
