using System.Globalization;
using System.Net;
using LoraOnnx.Evaluation.Statistics;

namespace LoraOnnx.Evaluation.Reports.Html;

/// <summary>Pieces of markup. Whatever comes from a file or the command line goes through <see cref="Text"/>.</summary>
internal static class Markup
{
    /// <summary>Text that no character of can become markup.</summary>
    public static string Text(string text) => WebUtility.HtmlEncode(text);

    /// <summary>
    /// A number of the report as people read it. <paramref name="pointer"/> says where the JSON has it with all digits, so that a test can hold one against the other.
    /// </summary>
    public static string Number(string pointer, string text) => text == Numbers.Absent ? text : $"<span data-json=\"{Text(pointer)}\">{Text(text)}</span>";

    /// <summary>Low to high.</summary>
    public static string Range(string pointer, Interval? interval, Func<double, string> text) =>
        interval is { } known ? $"{Number($"{pointer}/low", text(known.Low))} to {Number($"{pointer}/high", text(known.High))}" : Numbers.Absent;

    /// <summary>One part of a JSON pointer (RFC 6901).</summary>
    public static string Pointer(string key) => key.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    /// <summary>Pointer to a model's object.</summary>
    public static string PointerTo(ModelReport model) => $"/models/{Pointer(model.Name)}";

    /// <summary>A model's name with its colour.</summary>
    public static string Name(ComparisonReport report, ModelReport model) => $"<span class=\"name {ColourOf(report, model)}\">{Text(model.Name)}</span>";

    /// <summary>CSS class that carries a model's colour; eight colours go round.</summary>
    public static string ColourOf(ComparisonReport report, ModelReport model) => $"m{Enumerable.Range(0, report.Models.Count).First(index => ReferenceEquals(report.Models[index], model)) % 8}";

    /// <summary>A section with a heading and, below it, what the reader should know.</summary>
    public static string Section(string title, string note, string content) =>
        $"""
        <section>
        <h2>{Text(title)}</h2>
        {(note.Length == 0 ? "" : $"<p class=\"note\">{Text(note)}</p>")}
        {content}
        </section>

        """;

    /// <summary>A table that scrolls by itself on a narrow screen. The first column is to the left, the others to the right. Cells are markup.</summary>
    public static string Table(IEnumerable<string> heading, IEnumerable<IEnumerable<string>> rows) =>
        $"""
        <div class="scroll"><table>
        <thead><tr>{string.Concat(heading.Select(cell => $"<th scope=\"col\">{cell}</th>"))}</tr></thead>
        <tbody>
        {string.Join('\n', rows.Select(row => $"<tr>{string.Concat(row.Select((cell, column) => column == 0 ? $"<th scope=\"row\">{cell}</th>" : $"<td>{cell}</td>"))}</tr>"))}
        </tbody>
        </table></div>
        """;

    /// <summary>A coordinate in a drawing.</summary>
    public static string At(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>A share in percent.</summary>
    public static string Percent(double share) => Numbers.Text(100 * share, "0.00");
}
