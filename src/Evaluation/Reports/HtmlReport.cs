using System.Net;
using LoraOnnx.Model.Files;

namespace LoraOnnx.Evaluation.Reports;

/// <summary>The table as a page that needs no other file.</summary>
internal static class HtmlReport
{
    public static void Write(string path, ComparisonReport report) => AtomicFile.WriteText(path, Of(report));

    public static string Of(ComparisonReport report)
    {
        var heading = string.Concat(SummaryTable.Headers.Select(cell => $"<th scope=\"col\">{WebUtility.HtmlEncode(cell)}</th>"));
        var rows = string.Join('\n', SummaryTable.Rows(report).Select(row => $"<tr>{string.Concat(row.Select(cell => $"<td>{WebUtility.HtmlEncode(cell)}</td>"))}</tr>"));
        return $$"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Comparison of {{report.Models.Count}} models</title>
            <style>
            :root { color-scheme: light dark; --ink: #1b1b1f; --paper: #ffffff; --line: #d0d0d8; }
            @media (prefers-color-scheme: dark) { :root { --ink: #e8e8ee; --paper: #17171b; --line: #3c3c46; } }
            body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 2rem; }
            div { overflow-x: auto; }
            table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
            th, td { padding: .4rem .8rem; text-align: right; border-bottom: 1px solid var(--line); }
            th:first-child, td:first-child { text-align: left; }
            </style>
            </head>
            <body>
            <h1>Comparison of models</h1>
            <p>{{WebUtility.HtmlEncode(report.Summary)}}</p>
            <div><table>
            <thead><tr>{{heading}}</tr></thead>
            <tbody>
            {{rows}}
            </tbody>
            </table></div>
            </body>
            </html>

            """;
    }
}
