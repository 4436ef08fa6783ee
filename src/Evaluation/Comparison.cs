using LoraOnnx.Evaluation.Models;
using LoraOnnx.Evaluation.Reports;
using LoraOnnx.Evaluation.Scoring;
using LoraOnnx.Model;

namespace LoraOnnx.Evaluation;

/// <summary>One comparison from options to findings: load, score, measure.</summary>
internal static class Comparison
{
    /// <exception cref="InputException">A model or the data is missing or malformed, or the models have different labels.</exception>
    public static async Task<(ComparisonReport Report, TestScores Scores)> RunAsync(CompareOptions options, IProgress<ScoringStep> progress, CancellationToken cancellationToken)
    {
        var models = new List<IScoredModel>();
        try
        {
            var loader = new ModelLoader(options);
            foreach (var argument in options.Models)
            {
                cancellationToken.ThrowIfCancellationRequested();
                models.Add(await loader.LoadAsync(argument, cancellationToken));
            }

            LabelAgreement.Check(models);
            var texts = TestTexts.Scan(options.Data, LabelAgreement.Config(models[0]), cancellationToken);
            var scores = await new ScoringPass(models, options.Slices, options.Threads).RunAsync(texts, progress, cancellationToken);
            return (new ReportBuilder(options, models, texts, scores, cancellationToken).Build(), scores);
        }
        finally
        {
            models.ForEach(model => model.Dispose());
        }
    }
}
