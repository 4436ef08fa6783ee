using LoraOnnx.Evaluation.Choices;
using LoraOnnx.Evaluation.Gate;
using LoraOnnx.Evaluation.Models;
using LoraOnnx.Evaluation.Slices;
using LoraOnnx.Evaluation.Statistics;
using LoraOnnx.Evaluation.Texts;
using LoraOnnx.Model;
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

    /// <summary>The texts that scale, threshold and temperature were chosen on; null when nothing was chosen.</summary>
    public required DataReport? Validation { get; init; }

    /// <summary>Class names in the order of the logits.</summary>
    public required IReadOnlyList<string> Labels { get; init; }

    public required ProblemType ProblemType { get; init; }

    /// <summary>The options that decide the figures, by their names on the command line.</summary>
    public required IReadOnlyDictionary<string, string> Options { get; init; }

    public required MachineReport Machine { get; init; }

    /// <summary>The models in the order given; the first is the one that others are compared with.</summary>
    public required IReadOnlyList<ModelReport> Models { get; init; }

    public required IReadOnlyList<SliceReport> Slices { get; init; }

    /// <summary>Of folders of lora-train --per: for which values the weights for all are better.</summary>
    public IReadOnlyList<ValueFindings> Values { get; init; } = [];

    /// <summary>Texts on which all models confidently contradict the data.</summary>
    public required IReadOnlyList<TextExcerpt> LikelyLabelErrors { get; init; }

    /// <summary>What --require asked for, once the figures are known.</summary>
    public IReadOnlyList<ConditionResult> Requirements { get; init; } = [];

    /// <summary>With more than two classes, or several labels a text, figures are averages.</summary>
    public bool IsBinary => ProblemType == ProblemType.SingleLabel && Labels.Count == 2;

    /// <summary>One model is compared with none.</summary>
    public bool IsAlone => Models.Count == 1;
}

/// <summary>A set of labelled texts.</summary>
internal sealed record DataReport(string Path, string Hash, int Texts, IReadOnlyDictionary<string, int> LabelCounts)
{
    /// <summary>The path as reports show it.</summary>
    public string Source => SourceName.Of(Path);

    /// <summary>In a word.</summary>
    public string Name => Source.StartsWith("hf:", StringComparison.Ordinal)
        ? Source
        : System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(Source));
}

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

    /// <summary>What was chosen on the validation texts, or null.</summary>
    public required ChoiceReport? Choice { get; init; }

    public required ClassificationFigures Figures { get; init; }

    /// <summary>95 % intervals by figure; null where no resample gave a value.</summary>
    public required IReadOnlyDictionary<Figure, Interval?> Intervals { get; init; }

    /// <summary>The reliability curve: the bins that hold an answer, rising.</summary>
    public required IReadOnlyList<ReliabilityPoint> Reliability { get; init; }

    /// <summary>The ROC curve from (0, 0) to (1, 1), at the same false positive rates for all models; empty where a label never or always
    /// holds.</summary>
    public required IReadOnlyList<(double FalsePositiveRate, double TruePositiveRate)> Roc { get; init; }

    /// <summary>Against the first model; null for the first itself.</summary>
    public required ComparisonToFirst? ToFirst { get; init; }

    /// <summary>Texts that show what changed and what fails.</summary>
    public required ModelTexts Texts { get; init; }

    /// <summary>Why its answers are not explained, and what to do about it; null where nobody asked, or they are.</summary>
    public string? ExplanationRefusal { get; init; }

    /// <summary>Of a server: whether it gives what a file gives. Null for files, and where no file is compared.</summary>
    public required ServerAgreement? Agreement { get; init; }

    /// <summary>Tokens read, over all texts.</summary>
    public required long Tokens { get; init; }

    /// <summary>Texts of which a part was cut off.</summary>
    public required int CutTexts { get; init; }

    /// <summary>Speed on these texts with all threads; tokenization is not part of it, except for a server, where everything is.</summary>
    public required double TextsPerSecond { get; init; }

    /// <summary>The same in tokens.</summary>
    public required double TokensPerSecond { get; init; }

    /// <summary>Against the first model; null for the first itself, and where a server is one of the two.</summary>
    public required SpeedRatio? SpeedToFirst { get; init; }
}

/// <summary>A model against the first one on the same texts: each figure's difference with its interval, and McNemar's test.</summary>
internal sealed record ComparisonToFirst(IReadOnlyDictionary<Figure, Difference> Differences, McNemar McNemar);

/// <summary>A bin with answers in it, and the 95 % intervals of where it lies.</summary>
internal sealed record ReliabilityPoint(ReliabilityBin Bin, Interval? MeanConfidence, Interval? Accuracy);

/// <summary>A figure less the first model's.</summary>
internal readonly record struct Difference(double Value, Interval? Interval);
