using System.Diagnostics;
using LoraOnnx.Evaluation.Models;
using LoraOnnx.Evaluation.Reports;
using LoraOnnx.Evaluation.Scoring;
using LoraOnnx.Evaluation.Texts;
using LoraOnnx.Texts;

namespace LoraOnnx.Evaluation.Explanations;

/// <summary>Lets the first model and the one that changed its mind explain their answers to texts that flipped.</summary>
internal sealed class ExplanationPass(CompareOptions options, IReadOnlyList<IScoredModel> models, TestScores scores)
{
    /// <summary>Texts of each list that are explained where nobody says how many.</summary>
    public const int TextsOfList = 2;

    /// <summary>What they may cost together then, in tokens of forward passes, where scoring cost less than twice that.</summary>
    private const long LeastTokens = 100_000;

    private readonly Dictionary<AskedAnswer, ExplainedAnswer> _found = [];
    private readonly Dictionary<int, string> _refusals = [];

    /// <summary>The report with explanations, or why a model gives none.</summary>
    public async Task<ComparisonReport> AddToAsync(
        ComparisonReport report, TestTexts data, IProgress<ScoringStep> progress, CancellationToken cancellationToken)
    {
        var flipped = Flipped(report);
        AskedAnswer[] asked = [.. flipped.SelectMany(text => (AskedAnswer[])[text.First, text.Other]).Distinct()];
        var left = options.Explain is null ? MostTokens : long.MaxValue;
        var texts = TextsOf(data, asked);
        var clock = Stopwatch.StartNew();
        foreach (var (place, answer) in asked.Index())
        {
            cancellationToken.ThrowIfCancellationRequested();
            left -= await ExplainAsync(answer, texts[answer.Text], left / (asked.Length - place), cancellationToken);
            progress.Report(new ScoringStep("explanations", place + 1, asked.Length, (place + 1.0) / asked.Length, clock.Elapsed)
            {
                Counted = "answers",
            });
        }

        return report with { Models = [.. report.Models.Select((model, index) => Explained(model, index, flipped))] };
    }

    /// <summary>Half of what scoring cost, in tokens of forward passes.</summary>
    private long MostTokens => Math.Max(LeastTokens, scores.Models.Sum(model => model.Tokens.Sum(tokens => (long)tokens)) / 2);

    /// <summary>Explains an answer, unless its model has refused; what it cost.</summary>
    private async Task<long> ExplainAsync(AskedAnswer answer, LabelledText text, long mostTokens, CancellationToken cancellationToken)
    {
        if (_refusals.ContainsKey(answer.Model))
        {
            return 0;
        }

        var model = models[answer.Model];
        try
        {
            var found = await model.ExplainAsync(text, answer.Label, mostTokens, cancellationToken);
            _found.Add(answer, found);
            return found.Cost;
        }
        catch (InputException refusal)
        {
            var reason = refusal.Hint is { } hint ? $"{refusal.Message} {hint}" : refusal.Message;
            _refusals[answer.Model] = reason;
            WarningLines.Write($"{model.Name}: its answers are not explained: {reason}");
            return 0;
        }
    }

    /// <summary>The texts to explain: the first of each list, then the second of each, as long as there are some.</summary>
    private List<FlippedText> Flipped(ComparisonReport report)
    {
        var most = options.Explain ?? TextsOfList;
        return
        [
            .. report.Models.Index().Skip(1).SelectMany(model => (IReadOnlyList<TextExcerpt>[])[model.Item.Texts.Gained, model.Item.Texts.Lost],
                    (model, list) => list.Take(most).Select((text, rank) => (Rank: rank, Flip: Flip(report, text.Index, model.Index))))
                .SelectMany(list => list).OrderBy(text => text.Rank).Select(text => text.Flip),
        ];
    }

    /// <summary>Each model's own answer; of several labels the one about which the two disagree most.</summary>
    private FlippedText Flip(ComparisonReport report, int text, int model)
    {
        var (first, other) = (Scores(report, 0, text), Scores(report, model, text));
        var (before, after) = (report.Models[0].Calibration.Decide(first, report.ProblemType),
            report.Models[model].Calibration.Decide(other, report.ProblemType));
        if (report.ProblemType == Model.ProblemType.SingleLabel)
        {
            return new FlippedText(new AskedAnswer(text, 0, before.Label), new AskedAnswer(text, model, after.Label));
        }

        var label = before.Holding.Except(after.Holding).Concat(after.Holding.Except(before.Holding))
            .MaxBy(each => Math.Abs(first[each] - other[each])); // one is right and one is wrong: they differ
        return new FlippedText(new AskedAnswer(text, 0, label), new AskedAnswer(text, model, label));
    }

    private double[] Scores(ComparisonReport report, int model, int text) =>
        report.Models[model].Calibration.Scores(scores.Models[model].Logits[text], report.ProblemType);

    private static Dictionary<int, LabelledText> TextsOf(TestTexts data, AskedAnswer[] asked)
    {
        var wanted = asked.Select(answer => answer.Text).ToHashSet();
        return new Dictionary<int, LabelledText>(data.Read().Index().Take(wanted.Count == 0 ? 0 : wanted.Max() + 1)
            .Where(text => wanted.Contains(text.Index)).Select(text => KeyValuePair.Create(text.Index, text.Item)));
    }

    private ModelReport Explained(ModelReport report, int model, List<FlippedText> flipped) => report with
    {
        ExplanationRefusal = _refusals.GetValueOrDefault(model),
        Texts = report.Texts with
        {
            Gained = [.. report.Texts.Gained.Select(text => Explained(text, model, flipped))],
            Lost = [.. report.Texts.Lost.Select(text => Explained(text, model, flipped))],
        },
    };

    private TextExcerpt Explained(TextExcerpt text, int model, List<FlippedText> flipped) =>
        flipped.Find(flip => flip.Other.Text == text.Index && flip.Other.Model == model) is not { } flip ? text : text with
        {
            Answers =
            [
                .. text.Answers.Select((answer, of) => of == 0 ? answer with { Explanation = _found.GetValueOrDefault(flip.First) }
                    : of == model ? answer with { Explanation = _found.GetValueOrDefault(flip.Other) } : answer),
            ],
        };

    /// <summary>A model's answer to a text, and the label of which it is asked.</summary>
    private sealed record AskedAnswer(int Text, int Model, int Label);

    private sealed record FlippedText(AskedAnswer First, AskedAnswer Other);
}
