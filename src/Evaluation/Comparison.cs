using LoraOnnx.Evaluation.Choices;
using LoraOnnx.Evaluation.Explanations;
using LoraOnnx.Evaluation.Gate;
using LoraOnnx.Evaluation.Models;
using LoraOnnx.Evaluation.Reports;
using LoraOnnx.Evaluation.Scoring;

namespace LoraOnnx.Evaluation;

/// <summary>One comparison from options to findings: load, choose, score, measure, judge.</summary>
internal static class Comparison
{
    /// <exception cref="InputException">A model or the data is missing or malformed, or the models have different labels.</exception>
    public static async Task<(ComparisonReport Report, TestScores Scores)> RunAsync(
        CompareOptions options, IProgress<ScoringStep> progress, CancellationToken cancellationToken)
    {
        var conditions = options.Requirements.Select(expression => Condition.Parse(expression, [.. options.Models.Select(model => model.Name)]))
            .ToList();
        var models = new List<IScoredModel>();
        var choices = new List<ChoiceReport?>();
        try
        {
            var chooser = new Chooser(options, new ModelLoader(options), progress);
            foreach (var argument in options.Models)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var (model, choice) = await chooser.OpenAsync(argument, cancellationToken);
                models.Add(model);
                choices.Add(choice);
                LabelAgreement.Check(models[0], model);
            }

            if (options.SweepScales.Count > 0 && choices.TrueForAll(choice => choice?.Scale is null))
            {
                throw new InputException("--sweep-scale: none of the models is a run with an adapter.",
                    "give the directory that lora-train --out wrote; a merged file has its scale folded in.");
            }

            var texts = TestTexts.Scan(options.Data, options.Texts, models[0].Task, cancellationToken);
            texts.CheckColumns(options.Slices);
            var scores = await new ScoringPass(models, options.Slices, options.Threads).RunAsync(texts, progress, cancellationToken);
            var report = ReportBuilder.Build(options, models, choices, chooser.Validation, texts, scores, cancellationToken);
            if (options.Explain != 0 && (options.Out is not null || options.Json))
            {
                report = await new ExplanationPass(options, models, scores).AddToAsync(report, texts, progress, cancellationToken);
            }

            return (Judge(report, conditions), scores);
        }
        finally
        {
            models.ForEach(model => model.Dispose());
        }
    }

    private static ComparisonReport Judge(ComparisonReport report, List<Condition> conditions)
    {
        var models = JsonReport.Models(report);
        return report with
        {
            Requirements = conditions.ConvertAll(condition => condition.Evaluate(name => FigureName.Find(condition.Expression, name, models))),
        };
    }
}
