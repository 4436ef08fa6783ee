namespace LoraOnnx.Training.Steps;

/// <summary>After which steps to evaluate: evenly spread over the run, the last one at its end.</summary>
internal static class EvaluationPoints
{
    /// <summary>Step counts in rising order, the last one <paramref name="steps"/>.</summary>
    public static IReadOnlyList<int> Of(int steps, int epochs, double perEpoch)
    {
        var count = Math.Clamp((int)Math.Round(epochs * perEpoch), 1, steps);
        return [.. Enumerable.Range(1, count).Select(index => (int)(((long)steps * index + count - 1) / count)).Distinct()];
    }
}
