using LoraOnnx.Evaluation.Models;
using LoraOnnx.Evaluation.Statistics;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Evaluation.Reports;

/// <summary>Everything that one comparison found; JSON, CSV, Markdown, the terminal and report.html show the same.</summary>
internal sealed record ComparisonReport
{
    public required string ToolVersion { get; init; }

    public required DateTimeOffset MadeAt { get; init; }

    /// <summary>Two sentences for people who read no further.</summary>
    public required string Summary { get; init; }

    public required DataReport Data { get; init; }

    /// <summary>Class names in the order of the logits.</summary>
    public required IReadOnlyList<string> Labels { get; init; }

    public required ProblemType ProblemType { get; init; }

    /// <summary>The options that decide the figures, by their names on the command line.</summary>
    public required IReadOnlyDictionary<string, string> Options { get; init; }

    public required MachineReport Machine { get; init; }

    /// <summary>The models in the order given; the first is the one that others are compared with.</summary>
    public required IReadOnlyList<ModelReport> Models { get; init; }
}

/// <summary>A set of labelled texts.</summary>
internal sealed record DataReport(string Path, string Hash, int Texts, IReadOnlyDictionary<string, int> LabelCounts);

/// <summary>Where the speeds were measured.</summary>
internal sealed record MachineReport(string Processor, int Threads, string System, string Runtime);

/// <summary>What was found of one model.</summary>
internal sealed record ModelReport
{
    public required string Name { get; init; }

    public required ModelCard Card { get; init; }

    public required ProblemType ProblemType { get; init; }

    /// <summary>How its logits became answers.</summary>
    public required Calibration Calibration { get; init; }

    public required ClassificationFigures Figures { get; init; }

    /// <summary>95 % intervals by figure; null where no resample gave a value.</summary>
    public required IReadOnlyDictionary<Figure, Interval?> Intervals { get; init; }

    /// <summary>95 % intervals of the confusion matrix's cells, row by row; empty where there is no matrix or it is large.</summary>
    public required IReadOnlyList<Interval> CellIntervals { get; init; }

    /// <summary>Against the first model; null for the first itself.</summary>
    public ComparisonToFirst? ToFirst { get; init; }

    /// <summary>Tokens read, over all texts.</summary>
    public required long Tokens { get; init; }

    /// <summary>Texts of which a part was cut off.</summary>
    public required int CutTexts { get; init; }

    /// <summary>Speed on these texts with all threads; tokenization is not part of it, except for a server, where everything is.</summary>
    public required double TextsPerSecond { get; init; }

    /// <summary>The same in tokens.</summary>
    public required double TokensPerSecond { get; init; }
}

/// <summary>A model against the first one on the same texts: each figure's difference with its interval, and McNemar's test.</summary>
internal sealed record ComparisonToFirst(IReadOnlyDictionary<Figure, (double Value, Interval? Interval)> Differences, McNemar McNemar);
