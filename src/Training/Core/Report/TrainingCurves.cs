using System.Globalization;
using System.Text.Json;
using LoraOnnx.Model.Runs;
using LoraOnnx.Reports.Plots;
using LoraOnnx.Reports.Values;

namespace LoraOnnx.Training.Report;

/// <summary>What happened over the steps, as plots that share one axis of steps with marks where epochs end.</summary>
internal sealed class TrainingCurves
{
    private const int Raw = 0;
    private const int First = 1;
    private const int Second = 2;

    /// <summary>More marks than this are thinned.</summary>
    private const int MostMarks = 8;

    private readonly RunRecord _record;
    private readonly List<JsonElement> _steps;
    private readonly List<JsonElement> _evaluations;
    private readonly JsonElement? _raw;
    private readonly Axis _axis;
    private readonly IReadOnlyList<Mark> _epochs;

    public TrainingCurves(RunRecord record, IReadOnlyList<JsonElement> lines)
    {
        _record = record;
        _steps = [.. Of(lines, "step")];
        _evaluations = [.. Of(lines, "evaluation")];
        _raw = Of(lines, "raw").Where(line => line.GetProperty("texts").GetString() == "validation").Select(line => (JsonElement?)line)
            .LastOrDefault();
        _axis = Axis.Around("step", [0, .. _steps.Select(Step)]);
        _epochs = Epochs();
    }

    /// <summary>Did it learn? The loss, and the figures on the validation texts.</summary>
    public IReadOnlyList<Drawing> Learning() =>
    [
        .. Drawn("Loss", "loss",
            [
                new Series(First, Capped(Points(_steps, "loss"))) { IsFaint = true },
                new Series(First, Smoothed(Points(_steps, "loss"))),
                new Series(Second, WithRaw("loss", 1)),
                .. RawPoint("loss", 1),
            ],
            [Key(First, "training, smoothed"), .. _evaluations.Count == 0 ? [] : new[] { Key(Second, "validation"), Key(Raw, "raw model") }],
            KeptMark(isAtTop: true)),
        .. _evaluations.Count == 0 ? [] : Drawn("Validation texts", "F1 and accuracy %",
            [new Series(First, WithRaw("f1", 100)), new Series(Second, WithRaw("accuracy", 100)), .. RawPoint("f1", 100),
                .. RawPoint("accuracy", 100)],
            [Key(First, "F1"), Key(Second, "accuracy"), Key(Raw, "raw model")],
            KeptMark(isAtTop: false)),
    ];

    /// <summary>How it ran. A plot of speed a phase: a head on features is faster by orders of magnitude than adapters in the encoder.</summary>
    public IReadOnlyList<Drawing> Running()
    {
        var phases = _steps.GroupBy(step => step.GetProperty("phase").GetString()!).ToList(); // every step has its phase
        return
        [
            .. Drawn("Learning rate", "rate", [new Series(First, Points(_steps, "learning_rate"))], [], []),
            .. Drawn("Gradient norm before clipping", "norm",
                [new Series(First, Points(_steps, "gradient_norm")) { IsFaint = true }, new Series(First, Smoothed(Points(_steps, "gradient_norm")))],
                [], []),
            .. phases.SelectMany(phase => Drawn($"Real tokens a second{(phases.Count > 1 ? $", {phase.Key}" : "")}", "tokens/s",
                [new Series(First, Points([.. phase], "tokens_per_second"))], [], [])),
        ];
    }

    private static IEnumerable<JsonElement> Of(IReadOnlyList<JsonElement> lines, string kind) =>
        lines.Where(line => line.GetProperty("kind").GetString() == kind);

    private static double Step(JsonElement line) => line.GetProperty("step").GetDouble();

    private static List<PlotPoint> Points(IEnumerable<JsonElement> lines, string field, double scale = 1, double radius = 0) =>
        [.. lines.Select(line => new PlotPoint(Step(line), scale * line.GetProperty(field).GetDouble()) { Radius = radius })
            .Where(point => double.IsFinite(point.Y))];

    /// <summary>The line begins at the raw model.</summary>
    private List<PlotPoint> WithRaw(string field, double scale) =>
        [.. _raw is { } raw ? Points([raw], field, scale) : [], .. Points(_evaluations, field, scale, _evaluations.Count > 40 ? 0 : 3)];

    private IEnumerable<Series> RawPoint(string field, double scale) => _raw is { } raw
        ? [new Series(Raw, Points([raw], field, scale, 5)) { IsLoose = true }]
        : [];

    /// <summary>A few batches far above the others do not press the curves into the floor.</summary>
    private static List<PlotPoint> Capped(List<PlotPoint> points)
    {
        const double Shown = 0.95;
        if (points.Count == 0)
        {
            return points;
        }

        var cap = points.Select(point => point.Y).Order().ElementAt((int)(Shown * (points.Count - 1)));
        return [.. points.Select(point => point with { Y = Math.Min(point.Y, cap) })];
    }

    /// <summary>The mean over a twentieth of the steps around each.</summary>
    private static List<PlotPoint> Smoothed(List<PlotPoint> points)
    {
        var reach = Math.Max(1, points.Count / 40);
        return [.. points.Select((point, place) =>
        {
            var from = Math.Max(0, place - reach);
            return new PlotPoint(point.X, points.GetRange(from, Math.Min(points.Count - 1, place + reach) - from + 1).Average(near => near.Y));
        })];
    }

    /// <summary>The last step of each epoch, and of each phase where there are several.</summary>
    private List<Mark> Epochs()
    {
        var ends = new List<(double Step, string Text)>();
        foreach (var phase in _steps.GroupBy(step => step.GetProperty("phase").GetString()))
        {
            var epoch = 1;
            foreach (var step in phase)
            {
                for (; step.GetProperty("epoch").GetDouble() >= epoch - 1e-9; epoch++)
                {
                    ends.Add((Step(step), epoch.ToString(CultureInfo.InvariantCulture)));
                }
            }
        }

        var every = (ends.Count + MostMarks - 1) / Math.Max(1, MostMarks);
        return [.. ends.Where((_, place) => every < 2 || (place + 1) % every == 0).Select(end => new Mark(end.Step, end.Text))];
    }

    private IEnumerable<Mark> KeptMark(bool isAtTop) =>
        _record.Best is { } best ? [new Mark(best.Step, $"kept: step {best.Step}") { IsStrong = true, IsAtTop = isAtTop }] : [];

    private static Line Key(int colour, string text) => new(new Piece(text) { Model = colour });

    private IEnumerable<Drawing> Drawn(string caption, string unit, IReadOnlyList<Series> series, IReadOnlyList<Line> legend, IEnumerable<Mark> marks)
    {
        if (!series.Any(one => one.Points.Count > 0))
        {
            yield break;
        }

        var values = series.SelectMany(one => one.Points).Select(point => point.Y);
        yield return new Drawing($"{caption}; the numbers above are epochs",
            new Plot(caption, _axis, Axis.Around(unit, values), series) { Marks = [.. _epochs, .. marks] }, legend);
    }
}
