using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Evaluation.Statistics;

/// <summary>McNemar's exact test: of the texts on which exactly one of two models is right, would a fair coin share them out so unevenly?</summary>
internal readonly record struct McNemar(long OnlyFirstRight, long OnlySecondRight)
{
    /// <summary>Two-sided probability under the hypothesis that both models are right equally often; 1 when they never differ.</summary>
    public double PValue => Math.Min(1, 2 * LowerTail(OnlyFirstRight + OnlySecondRight, Math.Min(OnlyFirstRight, OnlySecondRight)));

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

    /// <summary>Chance of at most <paramref name="heads"/> heads in <paramref name="tosses"/> of a fair coin.</summary>
    private static double LowerTail(long tosses, long heads)
    {
        // The largest term, C(tosses, heads) / 2^tosses, is built factor by factor with the halvings in between, so that nothing over- or underflows early.
        var term = 1.0;
        var halvings = tosses;
        for (var i = 1L; i <= heads; i++)
        {
            term *= (double)(tosses - heads + i) / i;
            while (term > 1 && halvings > 0)
            {
                term /= 2;
                halvings--;
            }
        }

        term *= Math.Pow(2, -halvings);
        var sum = 0.0;
        for (var i = heads; i >= 0 && term > 0; i--)
        {
            sum += term;
            term *= (double)i / (tosses - i + 1);
        }

        return sum;
    }
}
