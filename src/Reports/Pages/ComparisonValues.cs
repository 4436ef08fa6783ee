using LoraOnnx.Reports.Plots;
using LoraOnnx.Reports.Values;

namespace LoraOnnx.Reports.Pages;

/// <summary>What the report of a comparison shows; null or empty: there is no such thing in it.</summary>
public sealed record ComparisonValues
{
    /// <summary>The answer.</summary>
    public required ReportHead Head { get; init; }

    /// <summary>What --require asked for.</summary>
    public Requirements? Requirements { get; init; }

    /// <summary>The table that answers the question, a row a model.</summary>
    public required Table Glance { get; init; }

    /// <summary>Rows that the table has no room for.</summary>
    public Table? Others { get; init; }

    /// <summary>The same as a picture; null where there is one model.</summary>
    public required IntervalPlot? Intervals { get; init; }

    /// <summary>What each other model changed, the best first.</summary>
    public IReadOnlyList<Change> Changes { get; init; } = [];

    /// <summary>Texts on which the best of them changed the answer.</summary>
    public IReadOnlyList<Example> Examples { get; init; } = [];

    /// <summary>Whether servers give what files give.</summary>
    public Table? Servers { get; init; }

    /// <summary>Every figure with its interval and its difference.</summary>
    public required Table Figures { get; init; }

    /// <summary>McNemar's test of each model against the first.</summary>
    public Table? McNemar { get; init; }

    /// <summary>What each model cost.</summary>
    public required Table Cost { get; init; }

    /// <summary>What was chosen on the validation texts.</summary>
    public ChosenValues? Choices { get; init; }

    /// <summary>Do scores rank? Do they mean what they say?</summary>
    public required ScoreCurves Scores { get; init; }

    /// <summary>Confusion matrices.</summary>
    public IReadOnlyList<Matrix> Matrices { get; init; } = [];

    /// <summary>Figures of each label.</summary>
    public required Table Labels { get; init; }

    /// <summary>By length, by label, by columns of the data.</summary>
    public IReadOnlyList<Table> Slices { get; init; } = [];

    /// <summary>Texts to read.</summary>
    public IReadOnlyList<ExcerptList> Texts { get; init; } = [];

    /// <summary>What colours of words mean, and whose answers have none; a line each.</summary>
    public IReadOnlyList<string> WordNotes { get; init; } = [];

    /// <summary>All that is needed to get the same figures again.</summary>
    public required Method Method { get; init; }
}

/// <summary>What --require asked for.</summary>
/// <param name="Verdict">How many of them hold.</param>
/// <param name="All">Each with its result.</param>
public sealed record Requirements(string Verdict, Table All);

/// <summary>What a model changed against the first, in short.</summary>
/// <param name="Model">Its name.</param>
/// <param name="Counts">Texts gained and lost, and what chance says of that.</param>
/// <param name="Slices">Where it gains or loses more than chance explains; may be empty.</param>
public sealed record Change(Piece Model, Line Counts, IReadOnlyList<Line> Slices);

/// <summary>A text that shows a change.</summary>
public sealed record Example(string Title, Excerpt Text);

/// <summary>What was chosen, and the curves of the scales that were tried.</summary>
public sealed record ChosenValues(string Note, Table Chosen, IReadOnlyList<ThresholdSweep> Sweeps);

/// <summary>A model by the scale of its adapter.</summary>
public sealed record ThresholdSweep(Drawing Drawing, Table Points);

/// <summary>The ROC curves of all models, a calibration curve each, and both in numbers.</summary>
public sealed record ScoreCurves(Drawing? Roc, IReadOnlyList<Drawing> Calibrations, Table CalibrationNumbers, Table? RocNumbers);

/// <summary>The confusion matrix of a model.</summary>
public sealed record Matrix(Piece Model, Table Table);

/// <summary>Data, models, options and machine.</summary>
public sealed record Method(IReadOnlyList<Line> Data, Table Models, Line Options);
