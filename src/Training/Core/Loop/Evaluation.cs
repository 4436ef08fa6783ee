using LoraOnnx.Model;
using LoraOnnx.Model.Metrics;
using LoraOnnx.Model.Runs;
using LoraOnnx.Training.Data;

namespace LoraOnnx.Training.Loop;

/// <summary>Figures of one evaluation; <paramref name="OnlyAnswer"/> names the class (of a multi-label model: the classes, or none) when the model
/// gave every text the same answer.</summary>
internal sealed record Evaluation(RunMetrics Metrics, string? OnlyAnswer)
{
    /// <summary>Texts with their labels and scores.</summary>
    public required ScoredTexts Scored { get; init; }

    /// <summary>Scores logits [texts][labels] against the labels of the set.</summary>
    /// <exception cref="InputException">A logit is not finite.</exception>
    public static Evaluation Of(IReadOnlyList<float[]> logits, TextSet texts, ClassificationTask task, RunProgressPoint point,
        Calibration calibration)
    {
        var (step, epoch) = (point.Step, point.Epoch);
        var scored = new ScoredTexts(task.Labels.Count, task.ProblemType, calibration);
        for (var text = 0; text < texts.Count; text++)
        {
            if (!logits[text].All(float.IsFinite))
            {
                throw new InputException($"the model answers {texts.Role} text {text + 1} with {string.Join(", ", logits[text])}, expected finite "
                    + $"numbers{(step == 0 ? "" : "; training has stopped")}.",
                    step == 0 ? "the weights of the base are damaged, or too large; fetch it again."
                        : "try a lower --lr, or --precision fp32; the weights kept so far and the last checkpoint are from before.");
            }

            scored.AddLogits(texts.Labels[text], logits[text]);
        }

        var figures = ClassificationFigures.Of(scored);
        var metrics = new RunMetrics
        {
            Step = step,
            Epoch = epoch,
            Loss = figures.LogLoss,
            F1 = figures.F1,
            Accuracy = figures.Accuracy,
            MacroF1 = figures.MacroF1,
            Precision = figures.Precision,
            Recall = figures.Recall,
            Confusion = figures.Confusion?.Rows,
            LabelSets = task.IsMultiLabel ? LabelSetCount.Of(scored) : null,
            Labels = task.IsMultiLabel ? LabelFigures(figures, scored, task, calibration) : null,
        };
        return new Evaluation(metrics, OnlyAnswerOf(scored, task)) { Scored = scored };
    }

    /// <summary>
    /// Of validation texts during training: with several labels a text at the thresholds that would be chosen on them now, as they are at the end,
    /// for scores that rank well may all lie below 0.5.
    /// </summary>
    public static Evaluation OfValidation(IReadOnlyList<float[]> logits, TextSet texts, ClassificationTask task, RunProgressPoint point)
    {
        var plain = Of(logits, texts, task, point, Calibration.None);
        return task.IsMultiLabel ? Of(logits, texts, task, point, new Calibration { Thresholds = ThresholdChoice.ChooseEach(plain.Scored) }) : plain;
    }

    private static RunLabelMetrics[] LabelFigures(ClassificationFigures figures, ScoredTexts scored, ClassificationTask task,
        Calibration calibration) =>
    [
        .. task.Labels.Select((name, label) => new RunLabelMetrics(name,
            Enumerable.Range(0, scored.Count).Count(text => scored.Holds(text, label)),
            figures.PerLabel[label].F1(1), figures.PerLabel[label].Precision(1), figures.PerLabel[label].Recall(1),
            calibration.Thresholds?[label] ?? 0.5)),
    ];

    /// <summary>True when <paramref name="other"/> is worse: by F1, and by loss where F1 is the same.</summary>
    public static bool IsBetter(RunMetrics metrics, RunMetrics? other) =>
        other is null || metrics.F1 > other.F1 || (metrics.F1 == other.F1 && metrics.Loss < other.Loss);

    private static string? OnlyAnswerOf(ScoredTexts scored, ClassificationTask task)
    {
        bool[] Answer(int text) => [.. Enumerable.Range(0, scored.Classes).Select(label => scored.Predicted(text, label))];
        var first = scored.Count < 2 ? [] : Answer(0);
        return first.Length == 0 || !Enumerable.Range(1, scored.Count - 1).All(text => Answer(text).SequenceEqual(first)) ? null
            : first.Contains(true) ? string.Join(", ", task.Labels.Where((_, label) => first[label])) : "no label";
    }
}
