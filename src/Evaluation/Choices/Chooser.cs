using System.Globalization;
using LoraOnnx.Evaluation.Models;
using LoraOnnx.Evaluation.Scoring;
using LoraOnnx.Model;
using LoraOnnx.Model.Metrics;
using LoraOnnx.Model.Runs;

namespace LoraOnnx.Evaluation.Choices;

/// <summary>Opens models and chooses scale, temperature and threshold for them on the validation texts, which the report's figures never
/// touch.</summary>
internal sealed class Chooser(CompareOptions options, ModelLoader loader, IProgress<ScoringStep> progress)
{
    private TestTexts? _validation;

    /// <summary>The validation texts, once a model has needed them.</summary>
    public TestTexts? Validation => _validation;

    /// <summary>The model as it will be scored, and what was chosen for it; null where nothing was.</summary>
    /// <exception cref="InputException">The model or the validation texts are missing or malformed, or a choice does not fit the model.</exception>
    public async Task<(IScoredModel Model, ChoiceReport? Choice)> OpenAsync(ModelArgument argument, CancellationToken cancellationToken)
    {
        if (options.SweepScales.Count > 0 && !argument.IsServer && RunDirectory.IsRun(argument.Path)
            && RunWeights.Read(argument.Path, cancellationToken) is { HasAdapter: true } run)
        {
            return await SweepAsync(argument.Name, run, cancellationToken);
        }

        var model = await loader.LoadAsync(argument, cancellationToken);
        if (!options.Threshold && !options.Calibrate)
        {
            return (model, null);
        }

        try
        {
            var scores = await ScoreAsync(model, cancellationToken);
            return (model, Choose(model, scores, model.Calibration, null, []));
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private async Task<(IScoredModel Model, ChoiceReport? Choice)> SweepAsync(string name, RunWeights run, CancellationToken cancellationToken)
    {
        var points = new List<ScalePoint>();
        TestScores? best = null, trained = null;
        var chosen = double.NaN;
        foreach (var scale in options.SweepScales)
        {
            using var candidate = loader.LoadRun(name, run, scale);
            var scores = await ScoreAsync(candidate, cancellationToken);
            var figures = ValidationFigures.Of(Apply(candidate, scores, Calibration.None));
            var point = new ScalePoint(scale, figures.F1, figures.Accuracy, figures.LogLoss);
            if (best is null || IsBetter(point, points.Find(other => other.Scale == chosen)!)) // the chosen one is among them
            {
                (best, chosen) = (scores, scale);
            }

            trained = scale == 1 ? scores : trained;
            points.Add(point);
        }

        var model = loader.LoadRun(name, run, chosen);
        var choice = Choose(model, best!, Calibration.None, chosen, points); // there is at least one scale
        return (model, trained is null ? choice : choice with { Before = ValidationFigures.Of(Apply(model, trained, Calibration.None)) });
    }

    /// <summary>Higher F1, then lower log loss, then nearer to the scale of training.</summary>
    private static bool IsBetter(ScalePoint point, ScalePoint than) =>
        (point.F1, -point.LogLoss, -Math.Abs(point.Scale - 1)).CompareTo((than.F1, -than.LogLoss, -Math.Abs(than.Scale - 1))) > 0;

    private ChoiceReport Choose(IScoredModel model, TestScores scores, Calibration before, double? scale, IReadOnlyList<ScalePoint> curve)
    {
        if (options.Threshold && model is { Task.ProblemType: ProblemType.SingleLabel, Task.Labels.Count: > 2 })
        {
            throw new InputException($"--threshold: {model.Name} has {model.Task.Labels.Count} classes, of which the most likely one is the answer.",
                "only two-class and multi-label models have a threshold.");
        }

        var chosen = new Calibration
        {
            Temperature = options.Calibrate ? TemperatureChoice.Choose(scores.Labels, scores.Models[0].Logits, model.Task.ProblemType) : 1,
            Scale = scale,
            ModelHash = model.Card.FileHash,
            Provenance = new Dictionary<string, string>
            {
                ["tool"] = $"lora-compare {ToolVersion.Text}",
                ["validation"] = SourceName.Of(_validation!.Path), // the scores are of these texts
                ["validation_sha256"] = _validation.Hash,
                ["texts"] = _validation.Count.ToString(CultureInfo.InvariantCulture),
            },
        };
        if (options.Threshold)
        {
            chosen = chosen with { Threshold = ThresholdChoice.Choose(Apply(model, scores, chosen)) };
        }

        return new ChoiceReport
        {
            Scale = scale,
            Curve = curve,
            Temperature = options.Calibrate ? chosen.Temperature : null,
            Threshold = chosen.Threshold,
            Before = ValidationFigures.Of(Apply(model, scores, before)),
            After = ValidationFigures.Of(Apply(model, scores, chosen)),
            Calibration = chosen,
        };
    }

    private static ScoredTexts Apply(IScoredModel model, TestScores scores, Calibration calibration) =>
        scores.Models[0].Apply(calibration, model.Task.Labels.Count, model.Task.ProblemType, scores.Labels);

    private async Task<TestScores> ScoreAsync(IScoredModel model, CancellationToken cancellationToken)
    {
        _validation ??= TestTexts.Scan(options.Validation!, options.Texts, model.Task, cancellationToken); // checked with the options
        return await new ScoringPass([model], [], options.Threads).RunAsync(_validation, progress, cancellationToken);
    }
}
