using LoraOnnx.Evaluation.Texts;
using LoraOnnx.Reports.Values;

namespace LoraOnnx.Evaluation.Reports.Page;

/// <summary>Texts to read: likely label errors, what each model gained and lost, and where it is surest and wrong.</summary>
internal static class TextsSection
{
    public static IReadOnlyList<ExcerptList> Of(ComparisonReport report)
    {
        var first = report.Models[0].Name;
        var lists = new List<ExcerptList>
        {
            List(report, "/likely_label_errors", "Likely label errors", "All models say the same with confidence, and the data says another thing.",
                report.LikelyLabelErrors),
        };
        foreach (var model in report.Models)
        {
            var at = $"{Shown.PointerTo(model)}/texts";
            lists.Add(List(report, $"{at}/gained", $"{model.Name}: gained", $"It is right and {first} is wrong; the largest change of mind first.",
                model.Texts.Gained));
            lists.Add(List(report, $"{at}/lost", $"{model.Name}: lost", $"It is wrong and {first} is right; the largest change of mind first.",
                model.Texts.Lost));
            lists.Add(List(report, $"{at}/worst_errors", $"{model.Name}: worst errors", "The lowest score for what the data says first.",
                model.Texts.WorstErrors));
        }

        return [.. lists.Where(list => list.Texts.Count > 0)];
    }

    /// <summary>A text with the answers of the first model and of another with their scores, and that one's view of it.</summary>
    public static Excerpt Short(ComparisonReport report, ModelReport model, string at, TextExcerpt text) =>
        Card(report, [report.Models[0], model], at, text, (_, _) => []) with { Pictures = WordsSection.Of(report, [model], at, text) };

    private static ExcerptList List(ComparisonReport report, string pointer, string title, string note, IReadOnlyList<TextExcerpt> texts) =>
        new(title, note, [.. texts.Select((text, index) => Card(report, report.Models, $"{pointer}/{index}", text, ForTheLabel))]);

    private static Excerpt Card(ComparisonReport report, IReadOnlyList<ModelReport> by, string at, TextExcerpt text,
        Func<string, TextAnswer, Piece[]> more) => new(
        text.Text,
        new Line("text ", Shown.Number($"{at}/index", Numbers.Count(text.Index)), $", labelled {text.Label}"),
        [.. report.Models.Zip(text.Answers).Where(pair => by.Contains(pair.First))
            .Select(pair => Answer(report, pair.First, $"{at}/answers/{Shown.Pointer(pair.First.Name)}", text, pair.Second, more))])
        {
            Pictures = WordsSection.Of(report, report.Models, at, text),
        };

    private static Line Answer(ComparisonReport report, ModelReport model, string at, TextExcerpt text, TextAnswer answer,
        Func<string, TextAnswer, Piece[]> more) => new(
    [
        Shown.Name(report, model),
        " ",
        new Piece(answer.Label) { Tone = answer.Label == text.Label ? Tone.Better : Tone.Worse },
        " ",
        Shown.Number($"{at}/confidence", Numbers.Text(answer.Confidence, "0.0000")),
        .. more(at, answer),
    ]);

    private static Piece[] ForTheLabel(string at, TextAnswer answer) =>
        [" (for the label ", Shown.Number($"{at}/label_probability", Numbers.Text(answer.TruthProbability, "0.0000")), ")"];
}
