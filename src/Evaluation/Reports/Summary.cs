using LoraOnnx.Evaluation.Statistics;

namespace LoraOnnx.Evaluation.Reports;

/// <summary>The two sentences at the top of a report: what is best and by how much, and what it costs.</summary>
internal static class Summary
{
    /// <summary>The level below which a p-value counts as evidence.</summary>
    public const double Significance = 0.05;

    /// <summary>The answer in half a line.</summary>
    public static string Headline(IReadOnlyList<ModelReport> models)
    {
        var (first, best) = (models[0], models.MaxBy(model => model.Figures.F1)!); // there is at least one model
        var f1 = $"F1 {Numbers.Figure(Figure.F1, best.Figures.F1)} %";
        if (models.Count == 1)
        {
            return $"{best.Name}: {f1}";
        }

        if (best.ToFirst is not { } comparison)
        {
            return $"{first.Name} stays best: {f1}";
        }

        var points = Numbers.Text(100 * comparison.Differences[Figure.F1].Value, "0.00");
        return F1Differs(comparison) ? $"{best.Name} beats {first.Name} by {points} points: {f1}"
            : $"{best.Name} may be ahead of {first.Name}: {f1}, {points} points more";
    }

    public static string Of(IReadOnlyList<ModelReport> models)
    {
        var first = models[0];
        var best = models.MaxBy(model => model.Figures.F1)!; // there is at least one model
        var score = $"F1 {Numbers.Figure(Figure.F1, best.Figures.F1)} % (95 % interval {Numbers.Range(Figure.F1, best.Intervals[Figure.F1])})";
        if (models.Count == 1)
        {
            return $"{best.Name} reaches {score} and accuracy {Numbers.Figure(Figure.Accuracy, best.Figures.Accuracy)} %. "
                + $"It reads {Numbers.Speed(best.TextsPerSecond)} texts a second here.";
        }

        if (best.ToFirst is not { } comparison)
        {
            return $"{(models.Count == 2 ? $"{models[1].Name} does not beat" : $"None of the {models.Count - 1} other models beats")} "
                + $"{first.Name}, which reaches {score}. "
                + $"{(models.Count == 2 ? "It has" : "The next best is")} {Runner(models, best)}.";
        }

        var difference = comparison.Differences[Figure.F1];
        return $"{best.Name} is best with {score}: {Numbers.Difference(Figure.F1, difference.Value)} points to {first.Name} "
            + $"(interval {Numbers.DifferenceRange(Figure.F1, difference.Interval)}; McNemar p {Relation(comparison.McNemar.PValue)}), "
            + $"{Verdict(comparison)}. "
            + Price(best, first, comparison);
    }

    private static string Price(ModelReport best, ModelReport first, ComparisonToFirst comparison)
    {
        var trained = best.Card.TrainedParameters is > 0 and { } parameters
            ? $"It trained {Numbers.Count(parameters)} "
                + $"parameters{(best.Card.TrainingSeconds is { } seconds ? $" in {Numbers.Duration(seconds)}" : "")}, "
            : "It ";
        return $"{trained}{Speed(best, first)}, and answers {Numbers.Count(comparison.McNemar.OnlySecondRight)} texts rightly that {first.Name} "
            + "gets wrong, "
            + $"{Numbers.Count(comparison.McNemar.OnlyFirstRight)} the other way round.";
    }

    /// <summary>Models of one architecture are equally fast, unless their turns on the same texts say otherwise.</summary>
    private static string Speed(ModelReport best, ModelReport first) => best.SpeedToFirst switch
    {
        { IsSame: true } => $"runs at the same speed as {first.Name} (about {Numbers.Speed(first.TextsPerSecond)} texts a second here)",
        { Ratio: { } ratio, Interval: { } interval } =>
            $"is {Numbers.Text(ratio, "0.00")} times as fast as {first.Name} (interval {Numbers.Text(interval.Low, "0.00")} to "
                + $"{Numbers.Text(interval.High, "0.00")})",
        _ => $"reads {Numbers.Speed(best.TextsPerSecond)} texts a second here ({first.Name}: {Numbers.Speed(first.TextsPerSecond)})",
    };

    /// <summary>What is said of a figure agrees with the interval behind it; McNemar's test asks another question, which texts are right.</summary>
    private static bool F1Differs(ComparisonToFirst comparison) => comparison.Differences[Figure.F1].Interval is { ExcludesZero: true };

    private static string Verdict(ComparisonToFirst comparison) => (F1Differs(comparison), comparison.McNemar.PValue < Significance) switch
    {
        (true, true) => "more than chance explains",
        (true, false) => "more than chance explains; chance may explain how many texts are right",
        (false, true) => "which chance may explain, but not how many texts are right",
        _ => "which chance may explain on a test set of this size",
    };

    private static string Runner(IReadOnlyList<ModelReport> models, ModelReport best)
    {
        var next = models.Where(model => model != best).MaxBy(model => model.Figures.F1)!; // there are at least two models
        var score = $"F1 {Numbers.Figure(Figure.F1, next.Figures.F1)} %";
        return models.Count == 2 ? score : $"{next.Name} with {score}";
    }

    private static string Relation(double probability) => probability < 0.0001
        ? Numbers.Probability(probability)
        : $"= {Numbers.Probability(probability)}";
}
