namespace LoraOnnx.Model.Metrics;

/// <summary>Texts of a multi-label model that are alike in how many of their labels it finds.</summary>
/// <param name="Found">Labels that hold and are answered.</param>
/// <param name="Wrong">Labels that are answered and do not hold.</param>
/// <param name="Missed">Labels that hold and are not answered.</param>
/// <param name="Texts">So many texts.</param>
public sealed record LabelSetCount(int Found, int Wrong, int Missed, long Texts)
{
    /// <summary>Those of all texts.</summary>
    public static IReadOnlyList<LabelSetCount> Of(ScoredTexts texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        return [.. Enumerable.Range(0, texts.Count).Select(text => Of(texts, text)).GroupBy(set => set)
            .Select(alike => alike.Key with { Texts = alike.Count() }).OrderBy(set => (set.Found, set.Wrong, set.Missed))];
    }

    private static LabelSetCount Of(ScoredTexts texts, int text)
    {
        var labels = Enumerable.Range(0, texts.Classes).Select(label => (Holds: texts.Holds(text, label), Said: texts.Predicted(text, label)))
            .ToList();
        return new LabelSetCount(labels.Count(label => label is (true, true)), labels.Count(label => label is (false, true)),
            labels.Count(label => label is (true, false)), 1);
    }
}
