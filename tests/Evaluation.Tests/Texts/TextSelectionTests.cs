using LoraOnnx.Evaluation.Scoring;
using LoraOnnx.Evaluation.Texts;
using LoraOnnx.Model;
using LoraOnnx.Model.Metrics;
using LoraOnnx.Texts;

namespace LoraOnnx.Evaluation.Tests.Texts;

public sealed class TextSelectionTests : IDisposable
{
    private readonly TinyModel _model = new();

    public void Dispose() => _model.Dispose();

    [Fact]
    public void Gains_losses_errors_and_label_errors_are_picked_by_scores()
    {
        // Scores of the positive class, which is every text's label: text by text, first model and second model.
        double[] first = [0.9, 0.1, 0.4, 0.8, 0.6, 0.05, 0.02];
        double[] second = [0.8, 0.9, 0.6, 0.1, 0.3, 0.08, 0.2];
        var selection = TextSelection.Of([Texts(first), Texts(second)], ["NO", "YES"], Data(first.Length, text => $"text {text}"));

        var texts = selection.OfModel(1);

        Assert.Equal([1, 2], texts.Gained.Select(text => text.Index)); // by 0.8, by 0.2
        Assert.Equal([3, 4], texts.Lost.Select(text => text.Index)); // by 0.7, by 0.3
        Assert.Equal([5, 3, 6, 4], texts.WorstErrors.Select(text => text.Index));
        Assert.Equal([5], selection.LikelyLabelErrors.Select(text => text.Index)); // the second is not sure enough of text 6
        Assert.Empty(selection.OfModel(0).Gained);
        var gained = texts.Gained[0];
        Assert.Equal(("YES", "text 1"), (gained.Label, gained.Text));
        Assert.Equal([("NO", 0.9, 0.1), ("YES", 0.9, 0.9)],
            gained.Answers.Select(answer => (answer.Label, Math.Round(answer.Confidence, 12), Math.Round(answer.TruthProbability, 12))));
    }

    [Fact]
    public void Ten_texts_a_list_are_enough_and_long_ones_are_cut_between_characters()
    {
        var wrong = Enumerable.Repeat(0.1, 50).ToArray();

        var errors = TextSelection.Of([Texts(wrong)], ["NO", "YES"], Data(50, _ => new string('x', 599) + "😀 and more")).OfModel(0).WorstErrors;

        Assert.Equal(Enumerable.Range(0, TextSelection.MostTexts), errors.Select(text => text.Index));
        Assert.Equal(new string('x', 599) + "…", errors[0].Text);
    }

    private TestTexts Data(int count, Func<int, string> text)
    {
        var path = Path.Combine(_model.Folder, "texts.jsonl");
        File.WriteAllLines(
            path, Enumerable.Range(0, count).Select(index => System.Text.Json.JsonSerializer.Serialize(new { text = text(index), label = 1 })));
        return TestTexts.Scan(path, new TextOptions(), _model.Config.Task, CancellationToken.None);
    }

    private static ScoredTexts Texts(double[] scores)
    {
        var texts = new ScoredTexts(2, ProblemType.SingleLabel, Calibration.None);
        foreach (var score in scores)
        {
            texts.Add([1], [1 - score, score]);
        }

        return texts;
    }
}
