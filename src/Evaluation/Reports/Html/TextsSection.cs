using LoraOnnx.Evaluation.Texts;

namespace LoraOnnx.Evaluation.Reports.Html;

/// <summary>Texts to read: likely label errors, what each model gained and lost, and where it is surest and wrong.</summary>
internal static class TextsSection
{
    public static string Of(ComparisonReport report)
    {
        var first = report.Models[0].Name;
        var lists = new List<string>
        {
            List(report, "/likely_label_errors", "Likely label errors", "All models say the same with confidence, and the data says another thing.", report.LikelyLabelErrors),
        };
        foreach (var model in report.Models)
        {
            var at = $"{Markup.PointerTo(model)}/texts";
            lists.Add(List(report, $"{at}/gained", $"{model.Name}: gained", $"It is right and {first} is wrong; the largest change of mind first.", model.Texts.Gained));
            lists.Add(List(report, $"{at}/lost", $"{model.Name}: lost", $"It is wrong and {first} is right; the largest change of mind first.", model.Texts.Lost));
            lists.Add(List(report, $"{at}/worst_errors", $"{model.Name}: worst errors", "The lowest score for what the data says first.", model.Texts.WorstErrors));
        }

        var content = string.Concat(lists);
        return content.Length == 0 ? "" : Markup.Section("Texts", "The beginning of each text, its place in the data counted from 0, and each model's answer with its score.", content);
    }

    private static string List(ComparisonReport report, string pointer, string title, string note, IReadOnlyList<TextExcerpt> texts) => texts.Count == 0 ? "" :
        $"""
        <details open><summary>{Markup.Text(title)} ({texts.Count})</summary>
        <p class="note">{Markup.Text(note)}</p>
        {string.Concat(texts.Select((text, index) => Card(report, $"{pointer}/{index}", text)))}
        </details>

        """;

    private static string Card(ComparisonReport report, string at, TextExcerpt text) =>
        $"""
        <article>
        <blockquote dir="auto">{Markup.Text(text.Text)}</blockquote>
        <p>text {Markup.Number($"{at}/index", Numbers.Count(text.Index))}, labelled <b>{Markup.Text(text.Label)}</b>{string.Concat(report.Models.Zip(text.Answers).Select(pair => Answer(report, pair.First, $"{at}/answers/{Markup.Pointer(pair.First.Name)}", text, pair.Second)))}</p>
        </article>

        """;

    private static string Answer(ComparisonReport report, ModelReport model, string at, TextExcerpt text, TextAnswer answer) =>
        $" <span class=\"answer\">{Markup.Name(report, model)} <span class=\"{(answer.Label == text.Label ? "better" : "worse")}\">{Markup.Text(answer.Label)}</span> "
        + $"{Markup.Number($"{at}/confidence", Numbers.Text(answer.Confidence, "0.0000"))} (for the label {Markup.Number($"{at}/label_probability", Numbers.Text(answer.TruthProbability, "0.0000"))})</span>";
}
