using System.Globalization;
using LoraOnnx.Evaluation.Models;
using LoraOnnx.Evaluation.Scoring;
using LoraOnnx.Evaluation.Statistics;
using LoraOnnx.Model.Metrics;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Evaluation.Reports;

/// <summary>Turns scores into figures, intervals and words.</summary>
internal sealed class ReportBuilder
{
    private readonly CompareOptions _options;
    private readonly IReadOnlyList<IScoredModel> _models;
    private readonly TestTexts _texts;
    private readonly TestScores _scores;
    private readonly CancellationToken _cancellationToken;

    public ReportBuilder(CompareOptions options, IReadOnlyList<IScoredModel> models, TestTexts texts, TestScores scores, CancellationToken cancellationToken)
    {
        _options = options;
        _models = models;
        _texts = texts;
        _scores = scores;
        _cancellationToken = cancellationToken;
    }

    public ComparisonReport Build()
    {
        var (labels, problemType) = (_models[0].Labels, _models[0].ProblemType);
        var scored = _scores.Models.Select((scores, model) => scores.Apply(_models[model].Calibration, labels.Count, problemType, _scores.Labels)).ToList();
        var resamples = _options.Resamples ?? Resampling.DefaultCount(_scores.Count);
        var bootstrap = PairedBootstrap.Run(scored, _options.Seed, resamples, _options.Threads, _cancellationToken);
        var figures = scored.Select(ClassificationFigures.Of).ToList();
        var reports = _models.Select((_, model) => Model(model, scored, figures, bootstrap)).ToList();
        return new ComparisonReport
        {
            ToolVersion = typeof(ReportBuilder).Assembly.GetName().Version?.ToString(3) ?? "0",
            MadeAt = DateTimeOffset.UtcNow,
            Summary = Summary.Of(reports),
            Data = new DataReport(_texts.Path, _texts.Hash, _texts.Count, _texts.LabelCounts),
            Labels = labels,
            ProblemType = problemType,
            Options = OptionsInEffect(resamples),
            Machine = Machine.Describe(_options.Threads),
            Models = reports,
        };
    }

    private ModelReport Model(int index, List<ScoredTexts> scored, List<ClassificationFigures> figures, PairedBootstrap bootstrap)
    {
        var scores = _scores.Models[index];
        var tokens = scores.Tokens.Sum(count => (long)count);
        var cells = figures[index].Confusion is { } matrix ? matrix.Classes * matrix.Classes : 0;
        return new ModelReport
        {
            Name = _models[index].Name,
            Card = _models[index].Card,
            ProblemType = _models[index].ProblemType,
            Calibration = _models[index].Calibration,
            Figures = figures[index],
            Intervals = Figure.All.ToDictionary(figure => figure, figure => bootstrap.Of(index, figure)),
            CellIntervals = [.. Enumerable.Range(0, cells).Select(cell => bootstrap.Cell(index, cell)).OfType<Interval>()],
            ToFirst = index == 0 ? null : ToFirst(index, scored, figures, bootstrap),
            Tokens = tokens,
            CutTexts = scores.Truncated.Count(truncated => truncated),
            TextsPerSecond = _scores.Count / scores.Elapsed.TotalSeconds,
            TokensPerSecond = tokens / scores.Elapsed.TotalSeconds,
        };
    }

    private static ComparisonToFirst ToFirst(int index, List<ScoredTexts> scored, List<ClassificationFigures> figures, PairedBootstrap bootstrap)
    {
        var differences = new Dictionary<Figure, (double Value, Interval? Interval)>();
        foreach (var figure in Figure.All)
        {
            if (figure.Of(figures[index]) - figure.Of(figures[0]) is { } difference)
            {
                differences.Add(figure, (difference, bootstrap.Difference(index, figure)));
            }
        }

        return new ComparisonToFirst(differences, McNemar.Of(scored[0], scored[index]));
    }

    private Dictionary<string, string> OptionsInEffect(int resamples)
    {
        var options = new Dictionary<string, string>
        {
            ["resamples"] = resamples.ToString(CultureInfo.InvariantCulture),
            ["seed"] = _options.Seed.ToString(CultureInfo.InvariantCulture),
        };
        if (_options.MaxLength is { } length)
        {
            options["max-length"] = length.ToString(CultureInfo.InvariantCulture);
        }

        if (_options.Truncate is { } kept)
        {
            options["truncate"] = TruncationName.Of(kept);
        }

        return options;
    }
}
