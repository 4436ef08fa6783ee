namespace LoraOnnx.Model.Metrics;

/// <summary>From logits to scores.</summary>
public static class Probabilities
{
    /// <summary>Softmax for a single-label model (sums to 1), sigmoid of each for a multi-label one, of logits divided by
    /// <paramref name="temperature"/>; computed in double.</summary>
    public static double[] Of(ReadOnlySpan<float> logits, ProblemType problemType, double temperature = 1)
    {
        var scores = new double[logits.Length];
        Fill(scores, logits, problemType, temperature);
        return scores;
    }

    /// <summary>The same into space for as many scores as there are logits.</summary>
    public static void Fill(Span<double> scores, ReadOnlySpan<float> logits, ProblemType problemType, double temperature)
    {
        if (problemType == ProblemType.MultiLabel)
        {
            for (var i = 0; i < scores.Length; i++)
            {
                scores[i] = 1 / (1 + Math.Exp(-logits[i] / temperature));
            }

            return;
        }

        // The largest is subtracted first, so that no exponential overflows.
        var largest = float.NegativeInfinity;
        foreach (var logit in logits)
        {
            largest = Math.Max(largest, logit);
        }

        var sum = 0.0;
        for (var i = 0; i < scores.Length; i++)
        {
            sum += scores[i] = Math.Exp((logits[i] - (double)largest) / temperature);
        }

        for (var i = 0; i < scores.Length; i++)
        {
            scores[i] /= sum;
        }
    }
}
