using System.Globalization;
using LoraOnnx.Evaluation.Statistics;

namespace LoraOnnx.Evaluation.Reports;

/// <summary>Numbers as people read them.</summary>
internal static class Numbers
{
    /// <summary>Shown where a number is not known.</summary>
    public const string Absent = "–";

    /// <summary>93.94 for a share in percent, 0.9812 for other figures.</summary>
    public static string Figure(Figure figure, double? value) =>
        value is not { } number ? Absent : figure.InPercent ? Text(100 * number, "0.00") : Text(number, "0.0000");

    /// <summary>+7.35 in points, or +0.0123.</summary>
    public static string Difference(Figure figure, double value) =>
        figure.InPercent ? Text(100 * value, "+0.00;−0.00;0.00") : Text(value, "+0.0000;−0.0000;0.0000");

    /// <summary>90.91 to 96.52.</summary>
    public static string Range(Figure figure, Interval? interval) =>
        interval is { } known ? $"{Figure(figure, known.Low)} to {Figure(figure, known.High)}" : Absent;

    /// <summary>+3.12 to +9.87.</summary>
    public static string DifferenceRange(Figure figure, Interval? interval) =>
        interval is { } known ? $"{Difference(figure, known.Low)} to {Difference(figure, known.High)}" : Absent;

    /// <summary>0.0021, or &lt; 0.0001.</summary>
    public static string Probability(double value) => value < 0.0001 ? "< 0.0001" : Text(value, "0.0000");

    /// <summary>14,106,242.</summary>
    public static string Count(long? value) => value is { } number ? Text(number, "#,0") : Absent;

    /// <summary>56.4 MB.</summary>
    public static string Size(long? bytes) => bytes switch
    {
        null => Absent,
        < 1_000_000 => $"{Text(bytes.Value / 1e3, "0.0")} kB",
        < 1_000_000_000 => $"{Text(bytes.Value / 1e6, "0.0")} MB",
        _ => $"{Text(bytes.Value / 1e9, "0.00")} GB",
    };

    /// <summary>41.2 s, 12 min 05 s, 2 h 10 min.</summary>
    public static string Duration(double? seconds) => seconds switch
    {
        null => Absent,
        < 60 => $"{Text(seconds.Value, "0.0")} s",
        < 3600 => $"{(int)seconds / 60} min {(int)seconds % 60:00} s",
        _ => $"{(int)seconds / 3600} h {(int)seconds / 60 % 60:00} min",
    };

    /// <summary>Three significant digits, or all digits before the point.</summary>
    public static string Speed(double perSecond) =>
        Text(perSecond, perSecond >= 100 ? "#,0" : perSecond >= 10 ? "0.0" : "0.00");

    /// <summary>28 November 2026, 19:42 UTC.</summary>
    public static string Moment(DateTimeOffset time) => $"{time.UtcDateTime.ToString("d MMMM yyyy, HH:mm", CultureInfo.InvariantCulture)} UTC";

    /// <summary>A number in a format, with a point and thousands' commas everywhere.</summary>
    public static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
