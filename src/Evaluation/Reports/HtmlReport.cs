using LoraOnnx.Evaluation.Reports.Html;

namespace LoraOnnx.Evaluation.Reports;

/// <summary>report.html: one file that needs no other, no script and no network.</summary>
internal static class HtmlReport
{
    private static readonly string _style = ReadStyle();

    public static void Write(string path, ComparisonReport report) => AtomicFile.WriteText(path, Of(report));

    public static string Of(ComparisonReport report) =>
        $"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>{Markup.Text(string.Join(", ", report.Models.Select(model => model.Name)))} on {Markup.Text(Path.GetFileName(report.Data.Path))}</title>
        <style>
        {_style}
        </style>
        </head>
        <body>
        <main>
        <header>
        <h1>{Markup.Text(string.Join(", ", report.Models.Select(model => model.Name)))}</h1>
        <p class="lead">{Markup.Text(report.Summary)}</p>
        </header>
        {MethodSection.Requirements(report)}{OverviewSection.Of(report)}{MethodSection.Servers(report)}{FiguresSection.Of(report)}{ChoicesSection.Of(report)}{ScoresSection.Of(report)}{AnswersSection.Of(report)}{SlicesSection.Of(report)}{TextsSection.Of(report)}{MethodSection.Of(report)}</main>
        </body>
        </html>

        """;

    private static string ReadStyle()
    {
        using var stream = typeof(HtmlReport).Assembly.GetManifestResourceStream("report.css")!; // embedded by the project file
        return new StreamReader(stream).ReadToEnd();
    }
}
