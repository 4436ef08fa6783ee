using System.Globalization;
using LoraOnnx.Evaluation.Choices;
using LoraOnnx.Evaluation.Models;
using LoraOnnx.Evaluation.Scoring;
using LoraOnnx.Evaluation.Slices;
using LoraOnnx.Evaluation.Statistics;
using LoraOnnx.Evaluation.Texts;
using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Evaluation.Reports;

/// <summary>Turns scores into figures, intervals and words.</summary>
internal sealed class ReportBuilder
{
    private readonly CompareOptions _options;
    private readonly IReadOnlyList<IScoredModel> _models;
    private readonly IReadOnlyList<ChoiceReport?> _choices;
    private readonly TestScores _scores;
    private readonly TextSelection _selection;
    private readonly IReadOnlyList<ModelIntervals> _intervals;
    private readonly ScoredTexts[] _scored;
    private readonly ClassificationFigures[] _figures;
    private readonly int _resamples;

    private ReportBuilder(CompareOptions options, IReadOnlyList<IScoredModel> models, IReadOnlyList<ChoiceReport?> choices, TestTexts texts,
        TestScores scores, CancellationToken cancellationToken)
    {
        _options = options;
        _models = models;
        _choices = choices;
        _scores = scores;
        _scored = [.. models.Select(
            (model, index) => scores.Models[index].Apply(CalibrationOf(index), model.Task.Labels.Count, model.Task.ProblemType, scores.Labels))];
        _figures = [.. _scored.Select(ClassificationFigures.Of)];
        _resamples = options.Resamples ?? Resampling.DefaultCount(scores.Count);
        _intervals = PairedBootstrap.Run(_scored, options.Seed, _resamples, options.Threads, cancellationToken);
        _selection = TextSelection.Of(_scored, texts.Task.Labels, texts);
    }

    public static ComparisonReport Build(
        CompareOptions options, IReadOnlyList<IScoredModel> models, IReadOnlyList<ChoiceReport?> choices, TestTexts? validation,
        TestTexts texts, TestScores scores, CancellationToken cancellationToken)
    {
        var builder = new ReportBuilder(options, models, choices, texts, scores, cancellationToken);
        var labels = texts.Task.Labels;
        var reports = models.Select((_, index) => builder.Model(index)).ToList();
        var sliceResamples = Math.Min(builder._resamples, 10_000);
        SliceReport Report(Slice slice, IReadOnlyList<ScoredTexts> scored) =>
            SliceReport.Of(slice, scored, options.Seed, sliceResamples, options.Threads, cancellationToken);
        List<ValueFindings> values = [.. options.Values.Select(value => ValueFindings.Of(value.Column,
            [.. SliceCutter.ByValue(scores, value.Column)
                .Select(slice => Report(slice, [builder._scored[value.Pooled], builder._scored[value.Own]]))]))];
        return new ComparisonReport
        {
            ToolVersion = ToolVersion.Text,
            MadeAt = DateTimeOffset.UtcNow,
            Summary = string.Join(' ', [Summary.Of(reports), .. values.Select(value => value.Text)]),
            Values = values,
            Data = Describe(texts),
            Validation = validation is null ? null : Describe(validation),
            Labels = labels,
            ProblemType = models[0].Task.ProblemType,
            Options = builder.OptionsInEffect(),
            Machine = ThisMachine.Describe(options.Threads),
            Models = reports,
            Slices = [.. SliceCutter.Cut(scores, models[0].Card.MaxTokens, labels)
                .Select(slice => Report(slice, builder._scored))],
            LikelyLabelErrors = builder._selection.LikelyLabelErrors,
        };
    }

    private static DataReport Describe(TestTexts texts) => new(texts.Path, texts.Hash, texts.Count, texts.LabelCounts);

    private Calibration CalibrationOf(int model) => _choices[model]?.Calibration ?? _models[model].Calibration;

    private ModelReport Model(int index)
    {
        var scores = _scores.Models[index];
        var tokens = scores.Tokens.Sum(count => (long)count);
        return new ModelReport
        {
            Name = _models[index].Name,
            Card = _models[index].Card,
            ProblemType = _models[index].Task.ProblemType,
            Calibration = CalibrationOf(index),
            Choice = _choices[index],
            Figures = _figures[index],
            Intervals = _intervals[index].Figures,
            Reliability = [.. _figures[index].Reliability.Where(bin => bin.Count > 0)
                .Zip(_intervals[index].Reliability, (bin, point) => new ReliabilityPoint(bin, point.MeanConfidence, point.Accuracy))],
            Roc = RocCurve.Of(_scored[index]),
            ToFirst = index == 0 ? null : ToFirst(index),
            Texts = _selection.OfModel(index),
            Agreement = _models[index] is ServerModel ? ServerAgreement.Of(index, _models, _scores) : null,
            Tokens = tokens,
            CutTexts = scores.Truncated.Count(truncated => truncated),
            TextsPerSecond = _scores.Count / scores.Elapsed.TotalSeconds,
            TokensPerSecond = tokens / scores.Elapsed.TotalSeconds,
            SpeedToFirst = index == 0 || _models[index] is ServerModel || _models[0] is ServerModel ? null
                : SpeedRatio.Of(_scores.Models[0].Windows, scores.Windows, AreEqualModels(index)),
        };
    }

    /// <summary>
    /// The first model and this one do the same work: equally many weights in one precision, on equally many tokens. Files of one architecture differ
    /// by what their notes say, which is far below the share asked for here.
    /// </summary>
    private bool AreEqualModels(int index)
    {
        const double Notes = 0.002;
        var (first, card) = (_models[0].Card, _models[index].Card);
        return card.Precision == first.Precision && Math.Abs(card.Bytes - first.Bytes) <= Notes * first.Bytes
            && _scores.Models[index].Tokens.SequenceEqual(_scores.Models[0].Tokens);
    }

    private ComparisonToFirst ToFirst(int index)
    {
        var differences = new Dictionary<Figure, Difference>();
        foreach (var figure in Figure.All)
        {
            if (figure.Of(_figures[index]) - figure.Of(_figures[0]) is { } difference)
            {
                differences.Add(figure, new Difference(difference, _intervals[index].Differences[figure]));
            }
        }

        return new ComparisonToFirst(differences, McNemar.Of(_scored[0], _scored[index]));
    }

    private Dictionary<string, string> OptionsInEffect()
    {
        var options = new Dictionary<string, string>
        {
            ["resamples"] = _resamples.ToString(CultureInfo.InvariantCulture),
            ["seed"] = _options.Seed.ToString(CultureInfo.InvariantCulture),
        };
        if (_options.MaxLength is { } length)
        {
            options["max-length"] = length.ToString(CultureInfo.InvariantCulture);
        }

        if (_options.Truncate is { } kept)
        {
            options["truncate"] = EnumNames.Of(kept);
        }

        if (_options.Explain is { } explained)
        {
            options["explain"] = explained.ToString(CultureInfo.InvariantCulture);
        }

        if (_options.SweepScales.Count > 0)
        {
            options["sweep-scale"] = string.Join(',', _options.SweepScales.Select(scale => scale.ToString(CultureInfo.InvariantCulture)));
        }

        if (_options.Threshold)
        {
            options["threshold"] = "on";
        }

        if (_options.Calibrate)
        {
            options["calibrate"] = "on";
        }

        if (_options.Slices.Count > 0)
        {
            options["slice"] = string.Join(", ", _options.Slices);
        }

        return options;
    }
}
