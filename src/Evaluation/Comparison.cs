using LoraOnnx.Evaluation.Models;
using LoraOnnx.Evaluation.Reports;
using LoraOnnx.Evaluation.Scoring;
using LoraOnnx.Inference;
using LoraOnnx.Model;
using LoraOnnx.Model.Files;
using LoraOnnx.Model.Texts;

namespace LoraOnnx.Evaluation;

/// <summary>All models over one reading of the data.</summary>
internal static class Comparison
{
    /// <summary>Scores the data; writes the predictions, if asked for.</summary>
    /// <exception cref="InputException">A model or the data is missing or malformed, or the models have different labels.</exception>
    public static IReadOnlyList<ModelResult> Run(CompareOptions options, CancellationToken cancellationToken)
    {
        var models = new List<ComparedModel>();
        try
        {
            foreach (var argument in options.Models)
            {
                cancellationToken.ThrowIfCancellationRequested();
                models.Add(ComparedModel.Open(argument, new InferenceOptions { Threads = options.Threads }));
                CheckLabels(models[0], models[^1]);
            }

            var scorers = models.ConvertAll(model => new ModelScorer(model));
            if (options.Predictions is { } path)
            {
                AtomicFile.Write(path, stream => Score(scorers, options.Data, stream, cancellationToken));
            }
            else
            {
                Score(scorers, options.Data, null, cancellationToken);
            }

            return scorers.ConvertAll(scorer => scorer.Result());
        }
        finally
        {
            models.ForEach(model => model.Dispose());
        }
    }

    private static void Score(List<ModelScorer> scorers, string data, Stream? predictions, CancellationToken cancellationToken)
    {
        var index = 0L;
        foreach (var window in TextWindows.Of(LabelledTexts.Read(data, scorers[0].Model.Config)))
        {
            var scores = scorers.ConvertAll(scorer => scorer.Score(window, cancellationToken));
            for (var text = 0; text < window.Count; text++, index++)
            {
                for (var model = 0; model < scorers.Count && predictions is not null; model++)
                {
                    PredictionLine.Write(predictions, index, scorers[model].Model, scores[model][text]);
                }
            }

            Console.Error.WriteLine($"scored: {index} texts");
        }
    }

    private static void CheckLabels(ComparedModel first, ComparedModel other)
    {
        if (first.Config.ProblemType != other.Config.ProblemType || !first.Config.Labels.SequenceEqual(other.Config.Labels))
        {
            throw InputException.InFile(other.Path, $"has the labels {string.Join(", ", other.Config.Labels)}; {first.Name} has {string.Join(", ", first.Config.Labels)}.",
                "only models of one task can be compared: give config.json the same id2label and problem_type.");
        }
    }
}
