using LoraOnnx.Evaluation.Statistics;
using LoraOnnx.Reports.Values;

namespace LoraOnnx.Evaluation.Reports.Page;

/// <summary>Figures of a report as the page shows them, each with its place in the report's JSON.</summary>
internal static class Shown
{
    /// <summary>A number as people read it; <paramref name="pointer"/> says where the JSON has it with all digits.</summary>
    public static Piece Number(string pointer, string text) => text == Numbers.Absent ? text : new Piece(text) { Pointers = [pointer] };

    /// <summary>Low to high.</summary>
    public static Piece[] Range(string pointer, Interval? interval, Func<double, string> text) =>
        interval is { } known ? [Number($"{pointer}/low", text(known.Low)), " to ", Number($"{pointer}/high", text(known.High))] : [Numbers.Absent];

    /// <summary>One part of a JSON pointer (RFC 6901).</summary>
    public static string Pointer(string key) => key.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    /// <summary>Pointer to a model's object.</summary>
    public static string PointerTo(ModelReport model) => $"/models/{Pointer(model.Name)}";

    /// <summary>A model's name with its colour.</summary>
    public static Piece Name(ComparisonReport report, ModelReport model) => new(model.Name) { Model = PlaceOf(report, model) };

    /// <summary>A model's number, which decides its colour.</summary>
    public static int PlaceOf(ComparisonReport report, ModelReport model) =>
        Enumerable.Range(0, report.Models.Count).First(place => ReferenceEquals(report.Models[place], model));

    /// <summary>A column a model, after one for what the rows are.</summary>
    public static IReadOnlyList<Cell> ModelColumns(ComparisonReport report, string first) =>
        [first, .. report.Models.Select(model => (Cell)Name(report, model))];

    /// <summary>A path, a hash, an expression.</summary>
    public static Piece Code(string text) => new(text) { IsCode = true };

    /// <summary>A share in percent.</summary>
    public static string Percent(double share) => Numbers.Text(100 * share, "0.00");

    /// <summary>Good or bad news where chance alone rarely makes the difference.</summary>
    public static Tone ToneOf(Difference difference, bool higherIsBetter) =>
        difference.Interval is not { ExcludesZero: true } ? Tone.Plain : difference.Value > 0 == higherIsBetter ? Tone.Better : Tone.Worse;
}
