using System.Globalization;
using System.Text.Json;
using LoraOnnx.Model.Runs;
using LoraOnnx.Reports;
using LoraOnnx.Reports.Pages;
using LoraOnnx.Reports.Values;
using LoraOnnx.Training.Display;
using LoraOnnx.Training.Recording;

namespace LoraOnnx.Training.Report;

/// <summary>report.html of a run: figures, curves and options in one file that opens offline, in light and dark.</summary>
internal static class TrainingPage
{
    /// <summary>Writes the report of a run whose metrics.jsonl is complete.</summary>
    /// <exception cref="InputException">The directory cannot be written.</exception>
    public static void Write(RunFolder folder, RunRecord record) =>
        AtomicFile.WriteText(folder.Report, Of(record, Path.Combine(folder.Path, RunLog.MetricsFileName)));

    /// <summary>The page of a run and the log of its steps.</summary>
    public static string Of(RunRecord record, string metrics)
    {
        var curves = new TrainingCurves(record, [.. LinesOf(metrics).Select(line => JsonDocument.Parse(line).RootElement)]);
        return PageWriter.Html(new TrainingValues
        {
            Head = RunHeadline.Of(record),
            Figures = Figures(record),
            Labels = LabelRows.Of(record),
            Learning = curves.Learning(),
            Evaluations = Evaluations(record),
            Running = curves.Running(),
            Texts = Texts(record),
            Options = OptionRows.Of(record),
            Run = Facts(record),
        });
    }

    private static Table Figures(RunRecord record) => Measured(record, "In percent, in fp32",
        ("raw model, test", record.RawTest), ("kept weights, test", record.Test), ("raw model, validation", record.Raw),
        ("kept weights, validation", record.Validation));

    /// <summary>What the choice of the kept weights went by.</summary>
    private static Table Evaluations(RunRecord record) => Measured(record,
        $"On the validation texts while training, in percent, in {record.Precision}",
        ("best evaluation", record.Best), ("last evaluation", record.Last?.Step == record.Best?.Step ? null : record.Last));

    private static Table Measured(RunRecord record, string caption, params IEnumerable<(string Name, RunMetrics? Metrics)> rows)
    {
        var measured = rows.Where(row => row.Metrics is not null).Select(row => (row.Name, Metrics: row.Metrics!)).ToList(); // filtered
        var isMacro = measured.Exists(row => row.Metrics.Confusion is { Count: > 2 });
        var averaging = measured.Exists(row => row.Metrics.LabelSets is not null) ? "over all labels together (micro)"
            : isMacro ? "averages over the labels (macro)"
            : $"those of {record.Labels?.ElementAtOrDefault(1) ?? "the second class"}";
        return new Table($"{caption}; F1, precision and recall are {averaging}, below F1 its 95 % interval",
            ["measured", "F1", "accuracy", .. isMacro ? [] : new Cell[] { "macro F1" }, "precision", "recall", "loss"],
            [.. measured.Select(row => Figures(row.Name, row.Metrics, isMacro))])
        {
            IsCards = true,
        };
    }

    /// <summary>The run still holds the file for writing, which Windows lets only those read who say that they know.</summary>
    private static IEnumerable<string> LinesOf(string metrics)
    {
        using var lines = new StreamReader(new FileStream(metrics, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        while (lines.ReadLine() is { } line)
        {
            yield return line;
        }
    }

    private static Cell[] Figures(string name, RunMetrics metrics, bool isMacro) =>
    [
        name,
        new Cell(
        [
            new Line(DisplayText.Percent(metrics.F1)) { IsStrong = true },
            .. RunHeadline.Interval(metrics) is { } interval ? [new Line(interval) { IsSmall = true }] : Array.Empty<Line>(),
        ]),
        DisplayText.Percent(metrics.Accuracy),
        .. isMacro ? [] : new Cell[] { DisplayText.Percent(metrics.MacroF1) },
        DisplayText.Percent(metrics.Precision),
        DisplayText.Percent(metrics.Recall),
        metrics.Loss.ToString("0.0000", CultureInfo.InvariantCulture),
    ];

    private static Table Texts(RunRecord record) =>
        new("The texts of the run", ["role", "texts", "tokens", "cut", "classes", "source"], [.. record.Data.Select(data => (Cell[])
    [
        data.Role,
        Count(data.Texts),
        Count(data.Tokens),
        Count(data.CutTexts),
        string.Join(", ", data.Classes.Select(pair => $"{pair.Key} {Count(pair.Value)}")),
        new Piece(RunHeadline.Name(data.Source)) { IsCode = true },
    ])])
        {
            IsCards = true,
            Words = new HashSet<int> { 4, 5 },
        };

    private static Table Facts(RunRecord record)
    {
        (string Name, string Value)[] facts =
        [
            ("trained parameters", Count(record.TrainedParameters)),
            ("steps", Count(record.Steps)),
            ("training time", DisplayText.Duration(TimeSpan.FromSeconds(record.TrainingSeconds))),
            ("start-up", $"{record.StartUpSeconds:0.0} s"),
            ("tokens trained on", Count(record.TrainedTokens)),
            ("device, precision, threads", $"{record.Device}, {record.Precision}, {record.Threads}"),
            ("peak memory", DisplayText.Bytes(record.PeakMemoryBytes ?? 0)),
            ("base weights, SHA-256", record.ModelHash),
            ("lora-train", record.ToolVersion),
            .. record.Libraries.Select(library => (library.Key, library.Value)),
        ];
        return new Table("What ran, how long, on what", ["fact", "value"], [.. facts.Select(fact => (Cell[])[fact.Name, fact.Value])])
        {
            Words = new HashSet<int> { 1 },
        };
    }

    private static string Count(long value) => value.ToString("#,0", CultureInfo.InvariantCulture);
}
