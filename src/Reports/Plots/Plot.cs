using LoraOnnx.Reports.Values;

namespace LoraOnnx.Reports.Plots;

/// <summary>A point in the axes' units; a radius of 0 draws no dot, two ends an interval.</summary>
public readonly record struct PlotPoint(double X, double Y)
{
    /// <summary>Of the dot, in units of the drawing.</summary>
    public double Radius { get; init; }

    /// <summary>The interval of <see cref="Y"/>, or null.</summary>
    public (double Low, double High)? Interval { get; init; }
}

/// <summary>Points of one colour, joined by a line unless <see cref="IsLoose"/>.</summary>
public sealed record Series(int Colour, IReadOnlyList<PlotPoint> Points)
{
    /// <summary>Behind the others: what a smoothed line was made of.</summary>
    public bool IsFaint { get; init; }

    /// <summary>Dots only.</summary>
    public bool IsLoose { get; init; }
}

/// <summary>An upright line with a word at its top, such as the end of an epoch.</summary>
public readonly record struct Mark(double X, string Text)
{
    /// <summary>What the reader looks for.</summary>
    public bool IsStrong { get; init; }

    /// <summary>Where its word stands out of the curves' way: at the top, not at the bottom.</summary>
    public bool IsAtTop { get; init; }
}

/// <summary>A drawing with two axes.</summary>
public sealed record Plot(string Description, Axis X, Axis Y, IReadOnlyList<Series> Series)
{
    /// <summary>In units of which the drawing is 360 wide.</summary>
    public double Height { get; init; } = 240;

    /// <summary>Upright lines.</summary>
    public IReadOnlyList<Mark> Marks { get; init; } = [];

    /// <summary>A dashed line from corner to corner.</summary>
    public bool HasDiagonal { get; init; }
}

/// <summary>A plot, what it shows, and the meaning of its colours.</summary>
public sealed record Drawing(string Caption, Plot Plot, IReadOnlyList<Line> Legend)
{
    /// <summary>The model that it shows, in front of the caption; null: several.</summary>
    public Piece? Model { get; init; }
}

/// <summary>A value with its interval, a row of an <see cref="IntervalPlot"/>.</summary>
public sealed record IntervalRow(int Colour, string Name, string Text, double Value, (double Low, double High)? Interval);

/// <summary>Values with intervals below each other on one axis; a dashed line stands at the first one.</summary>
public sealed record IntervalPlot(string Description, Axis X, IReadOnlyList<IntervalRow> Rows);
