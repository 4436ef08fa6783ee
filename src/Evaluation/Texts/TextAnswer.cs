using LoraOnnx.Evaluation.Explanations;
using LoraOnnx.Model;
using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Evaluation.Texts;

/// <summary>What one model said of one text.</summary>
/// <param name="Label">Its answer; of a multi-label model all labels that it gives, comma-separated.</param>
/// <param name="Confidence">Score of that answer, 0 to 1; of a multi-label model the geometric mean over labels.</param>
/// <param name="TruthProbability">Score that it gave to what the data says; of a multi-label model the geometric mean over labels.</param>
internal sealed record TextAnswer(string Label, double Confidence, double TruthProbability)
{
    /// <summary>What each word adds to it; null where nobody asked, or the model cannot say.</summary>
    public ExplainedAnswer? Explanation { get; init; }

    public static TextAnswer Of(ScoredTexts texts, int text, IReadOnlyList<string> labels) =>
        new(Name(texts, label => texts.Predicted(text, label), labels), ConfidenceOf(texts, text), TruthOf(texts, text));

    /// <summary>The label in the data, written as answers are.</summary>
    public static string Truth(ScoredTexts texts, int text, IReadOnlyList<string> labels) => Name(texts, label => texts.Holds(text, label), labels);

    public static double TruthOf(ScoredTexts texts, int text) => Score(texts, text, texts.Holds);

    public static double ConfidenceOf(ScoredTexts texts, int text) => Score(texts, text, texts.Predicted);

    private static double Score(ScoredTexts texts, int text, Func<int, int, bool> holds)
    {
        if (texts.ProblemType == ProblemType.SingleLabel)
        {
            return texts.Score(text, Enumerable.Range(0, texts.Classes).First(label => holds(text, label)));
        }

        var logarithms = 0.0;
        for (var label = 0; label < texts.Classes; label++)
        {
            var score = texts.Score(text, label);
            logarithms += Math.Log(holds(text, label) ? score : 1 - score);
        }

        return Math.Exp(logarithms / texts.Classes);
    }

    private static string Name(ScoredTexts texts, Func<int, bool> holds, IReadOnlyList<string> labels)
    {
        var names = Enumerable.Range(0, texts.Classes).Where(holds).Select(label => labels[label]).ToList();
        return names.Count == 0 ? "(none)" : string.Join(", ", names);
    }
}
