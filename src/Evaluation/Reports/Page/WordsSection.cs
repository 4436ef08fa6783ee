using LoraOnnx.Evaluation.Explanations;
using LoraOnnx.Evaluation.Texts;
using LoraOnnx.Reports.Values;

namespace LoraOnnx.Evaluation.Reports.Page;

/// <summary>What each word adds to the answers to a text, as the page shows it.</summary>
internal static class WordsSection
{
    private const string Signed = "+0.00;−0.00;0.00";

    /// <summary>A picture for each answer of some models that is explained; <paramref name="at"/> is the text's place in the JSON.</summary>
    public static IReadOnlyList<WordPicture> Of(ComparisonReport report, IReadOnlyList<ModelReport> by, string at, TextExcerpt text) =>
    [
        .. report.Models.Zip(text.Answers).Where(pair => pair.Second.Explanation is not null && by.Contains(pair.First))
            .Select(pair => Picture(report, pair.First, $"{at}/answers/{Shown.Pointer(pair.First.Name)}/explanation", text,
                pair.Second.Explanation!)), // filtered
    ];

    /// <summary>What the colours mean where there are some, and which models do not explain their answers.</summary>
    public static IReadOnlyList<string> Notes(ComparisonReport report) =>
    [
        .. report.Models.SelectMany(model => model.Texts.Gained.Concat(model.Texts.Lost)).SelectMany(text => text.Answers)
            .Any(answer => answer.Explanation is not null)
            ? ["Of the first texts that a model gained or lost, blue words speak for its answer, orange and dotted ones against it."]
            : Array.Empty<string>(),
        .. report.Models.Where(model => model.ExplanationRefusal is not null)
            .Select(model => $"{model.Name}: its answers are not explained: {model.ExplanationRefusal}"),
    ];

    private static WordPicture Picture(ComparisonReport report, ModelReport model, string at, TextExcerpt text, ExplainedAnswer explained) => new(
        new Line(
            Shown.Name(report, model),
            $" for {explained.Label}: logit ",
            Shown.Number($"{at}/logit", Numbers.Text(explained.Logit, "0.000;−0.000;0.000")),
            ", without words ",
            Shown.Number($"{at}/baseline_logit", Numbers.Text(explained.BaselineLogit, "0.000;−0.000;0.000")),
            " (",
            Shown.Number($"{at}/steps", Numbers.Count(explained.Steps)),
            " steps, ",
            Shown.Number($"{at}/gap", Numbers.Text(explained.Gap, "0.0000")),
            " unaccounted for)"),
        Words(at, text, explained, out var end),
        text.Text[end..],
        Notes(at, text, explained));

    private static List<ColouredWord> Words(string at, TextExcerpt text, ExplainedAnswer explained, out int end)
    {
        var most = explained.Words.Select(word => Math.Abs(word.Value)).DefaultIfEmpty().Max();
        var words = new List<ColouredWord>();
        end = 0;
        foreach (var (place, word) in explained.Within(text.Characters).Index())
        {
            words.Add(new ColouredWord(text.Text[end..word.Start], text.Text[word.Start..word.End], most > 0 ? word.Value / most : 0,
                Shown.Number($"{at}/words/{place}/value", Numbers.Text(word.Value, Signed))));
            end = word.End;
        }

        return words;
    }

    private static List<Line> Notes(string at, TextExcerpt text, ExplainedAnswer explained)
    {
        var notes = new List<Line>();
        if (explained.Beyond(text.Characters) is { } beyond)
        {
            notes.Add(new Line("Words that are not shown add ", Shown.Number($"{at}/beyond", Numbers.Text(beyond, Signed)), " together."));
        }

        if (explained.Warning is { } warning)
        {
            notes.Add(new Line(warning) { Tone = Tone.Worse });
        }

        return notes;
    }
}
