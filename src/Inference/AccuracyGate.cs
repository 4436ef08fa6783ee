using System.Globalization;
using LoraOnnx.Graph;
using LoraOnnx.Model;
using LoraOnnx.Model.Metrics;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Inference;

/// <summary>What the gate allows: the least share of equal answers, how far probabilities may move on average, and how much F1 may be lost (all from
/// 0 to 1).</summary>
public sealed record GateLimits(double LabelAgreement, double MeanProbabilityChange, double F1Loss);

/// <summary>Whether a model in fewer bits still gives the answers of the fp32 one: nothing in 8 bits is written or served without it, nor does
/// <c>fast</c> take bf16.</summary>
public static class AccuracyGate
{
    /// <summary>Name of the built-in sample in reports.</summary>
    public const string Embedded = "embedded";

    /// <summary>Texts of a batch, in the order given.</summary>
    public const int BatchSize = 8;

    /// <summary>Runs both models over the same texts. <paramref name="labels"/> are the true ones of each text, or null: then the fp32 model's
    /// answers stand for them. The report names the instructions of a model that runs as this processor's fastest form.</summary>
    public static GateReport Measure(Precision precision, RunTexts exact, RunTexts candidate, IReadOnlyList<EncodedText> texts,
        IReadOnlyList<IReadOnlyList<int>>? labels, ClassificationTask task, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(task);
        var expected = Logits(exact, texts, cancellationToken);
        var found = Logits(candidate, texts, cancellationToken);
        var (before, after) =
            (new ScoredTexts(task.Labels.Count, task.ProblemType, Calibration.None),
                new ScoredTexts(task.Labels.Count, task.ProblemType, Calibration.None));
        var (same, sum, largest) = (0, 0.0, 0.0);
        for (var text = 0; text < texts.Count; text++)
        {
            var (p, q) = (Probabilities.Of(expected[text], task.ProblemType), Probabilities.Of(found[text], task.ProblemType));
            var answers = Answers(p, task.ProblemType);
            same += answers.SequenceEqual(Answers(q, task.ProblemType)) ? 1 : 0;
            for (var i = 0; i < p.Length; i++)
            {
                var change = Math.Abs(p[i] - q[i]);
                sum += change;
                largest = Math.Max(largest, change); // NaN makes both NaN
            }

            before.Add(labels?[text] ?? answers, p);
            after.Add(labels?[text] ?? answers, q);
        }

        var (agreement, mean) = ((double)same / texts.Count, sum / (texts.Count * task.Labels.Count));
        var (f1Exact, f1) = (ClassificationFigures.Of(before).F1, ClassificationFigures.Of(after).F1);
        var limits = CpuPrecision.Of(precision).Gate
            ?? throw new ArgumentException($"{EnumNames.Of(precision)} needs no gate.", nameof(precision));
        return new GateReport
        {
            Precision = EnumNames.Of(precision),
            Passed = agreement >= limits.LabelAgreement && mean <= limits.MeanProbabilityChange && f1 >= f1Exact - limits.F1Loss,
            LabelAgreementLimit = limits.LabelAgreement,
            MeanProbabilityChangeLimit = limits.MeanProbabilityChange,
            F1LossLimit = limits.F1Loss,
            Sample = Embedded,
            Texts = texts.Count,
            LabelAgreement = agreement,
            LargestProbabilityChange = largest,
            MeanProbabilityChange = mean,
            F1Exact = f1Exact,
            F1 = f1,
            F1Change = f1 - f1Exact,
            Cpu = CpuInstructions.Of(precision) ?? "none",
            ModelSha256 = "",
            ExactSha256 = "",
        };
    }

    /// <summary>The error of a gate that was not passed.</summary>
    public static InputException Refusal(string file, GateReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return InputException.InFile(file, $"{report.Precision} does not pass the accuracy gate: {report}.",
            string.Create(CultureInfo.InvariantCulture,
                $"allowed: agreement {report.LabelAgreementLimit:P0}, mean change {report.MeanProbabilityChangeLimit}, F1 "
                + $"loss {100 * report.F1LossLimit:0.#} points; use another precision, or give texts of your own with lora-merge --verify-data."));
    }

    private static float[][] Logits(RunTexts run, IReadOnlyList<EncodedText> texts, CancellationToken cancellationToken) =>
        [.. texts.Chunk(BatchSize).SelectMany(batch => run(batch, cancellationToken))];

    private static IReadOnlyList<int> Answers(double[] scores, ProblemType problemType) => Calibration.None.Decide(scores, problemType).Holding;
}
