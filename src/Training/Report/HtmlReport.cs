using System.Globalization;
using System.Text;
using System.Text.Json;
using LoraOnnx.Model.Runs;
using LoraOnnx.Training.Display;
using LoraOnnx.Training.Recording;

namespace LoraOnnx.Training.Report;

/// <summary>report.html of a run: figures, curves and options in one file that opens offline, in light and dark.</summary>
internal static class HtmlReport
{
    private const string Style = """
        :root{color-scheme:light dark;--ink:#1b1f24;--soft:#667;--line:#d5d9e0;--paper:#fff;--a:#0b66c3;--b:#c2410c;--c:#15803d}
        @media(prefers-color-scheme:dark){:root{--ink:#e8eaee;--soft:#9aa3b2;--line:#39404c;--paper:#14171c;--a:#6cb2ff;--b:#ff9d5c;--c:#6ee79a}}
        body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:56rem;margin:2rem auto;padding:0 1rem}
        table{border-collapse:collapse;margin:.5rem 0 1.5rem}td,th{padding:.2rem .9rem .2rem 0;text-align:left;border-bottom:1px solid var(--line);vertical-align:top}
        td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}figure{margin:1rem 0}figcaption{font-weight:600}svg{width:100%;height:auto}
        svg text{font-size:11px;fill:var(--soft)}.grid{stroke:var(--line)}.curve{fill:none;stroke-width:1.6}.curve.a{stroke:var(--a)}.curve.b{stroke:var(--b)}.curve.c{stroke:var(--c)}
        circle.a{fill:var(--a)}circle.b{fill:var(--b)}circle.c{fill:var(--c)}.key{font-weight:400;margin-left:1rem}.key.a{color:var(--a)}.key.b{color:var(--b)}.key.c{color:var(--c)}
        code{overflow-wrap:anywhere}
        """;

    /// <summary>Writes the report of a run whose metrics.jsonl is complete.</summary>
    /// <exception cref="InputException">The directory cannot be written.</exception>
    public static void Write(RunFolder folder, RunRecord record)
    {
        var lines = File.ReadLines(Path.Combine(folder.Path, RunLog.MetricsFileName)).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        AtomicFile.WriteText(folder.Report, Page(record, lines));
    }

    private static string Page(RunRecord record, List<JsonElement> lines)
    {
        var html = new StringBuilder("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">");
        html.Append($"<title>lora-train: {SvgChart.Escape(record.Method)}</title><style>{Style}</style></head><body>");
        html.Append($"<h1>Training run: {SvgChart.Escape(record.Method)}</h1><p><code>{SvgChart.Escape(record.Model)}</code></p>");
        html.Append("<h2>Figures</h2>").Append(Figures(record));
        html.Append("<h2>Curves</h2>").Append(Curves(lines));
        html.Append("<h2>Texts</h2>").Append(Texts(record));
        html.Append("<h2>Run</h2>").Append(Pairs(RunFacts(record)));
        if (record.Options is { } options)
        {
            html.Append("<h2>Options</h2>").Append(Pairs(options.EnumerateObject().Select(option => (option.Name, option.Value.ValueKind == JsonValueKind.Null ? "chosen by the program" : option.Value.ToString()))));
        }

        return html.Append("</body></html>\n").ToString();
    }

    private static string Figures(RunRecord record)
    {
        var rows = new (string Name, RunMetrics? Metrics)[]
        {
            ("raw model, validation", record.Raw), ("best evaluation", record.Best), ("last evaluation", record.Last), ("kept weights in fp32, validation", record.Validation),
            ("raw model, test", record.RawTest), ("kept weights in fp32, test", record.Test),
        };
        var html = new StringBuilder("<table><tr><th></th><th class=\"n\">F1 %</th><th class=\"n\">accuracy %</th><th class=\"n\">macro F1 %</th><th class=\"n\">precision %</th><th class=\"n\">recall %</th><th class=\"n\">loss</th><th class=\"n\">epoch</th></tr>");
        foreach (var (name, metrics) in rows)
        {
            if (metrics is not null)
            {
                var shares = new[] { metrics.F1, metrics.Accuracy, metrics.MacroF1, metrics.Precision, metrics.Recall };
                html.Append($"<tr><td>{name}</td>{string.Concat(shares.Select(share => $"<td class=\"n\">{DisplayText.Percent(share)}</td>"))}<td class=\"n\">{metrics.Loss:0.0000}</td><td class=\"n\">{metrics.Epoch:0.00}</td></tr>");
            }
        }

        return html.Append("</table>").ToString();
    }

    private static string Curves(List<JsonElement> lines)
    {
        var steps = lines.Where(line => Kind(line) == "step").ToList();
        var evaluations = lines.Where(line => Kind(line) == "evaluation").ToList();
        return SvgChart.Draw("Loss", "step", [Of("training", "a", steps, "loss"), Of("validation", "b", evaluations, "loss")])
            + SvgChart.Draw("Validation", "step", [Of("F1 %", "a", evaluations, "f1", scale: 100), Of("accuracy %", "c", evaluations, "accuracy", scale: 100)])
            + SvgChart.Draw("Learning rate", "step", [Of("rate", "a", steps, "learning_rate")])
            + SvgChart.Draw("Gradient norm before clipping", "step", [Of("norm", "a", steps, "gradient_norm")])
            + Speeds(steps);
    }

    /// <summary>A chart a phase: a head on features is faster by orders of magnitude than adapters in the encoder.</summary>
    private static string Speeds(List<JsonElement> steps)
    {
        var phases = steps.GroupBy(step => step.GetProperty("phase").GetString()).ToList();
        return string.Concat(phases.Select(phase =>
            SvgChart.Draw($"Real tokens per second{(phases.Count > 1 ? $", {phase.Key}" : "")}", "step", [Of("tokens/s", "a", [.. phase], "tokens_per_second")])));
    }

    private static Curve Of(string name, string style, List<JsonElement> lines, string field, double scale = 1) =>
        new(name, style, [.. lines.Select(line => (line.GetProperty("step").GetDouble(), scale * line.GetProperty(field).GetDouble()))]);

    private static string? Kind(JsonElement line) => line.GetProperty("kind").GetString();

    private static string Texts(RunRecord record)
    {
        var html = new StringBuilder("<table><tr><th></th><th class=\"n\">texts</th><th class=\"n\">tokens</th><th class=\"n\">cut</th><th>classes</th><th>source</th></tr>");
        foreach (var data in record.Data)
        {
            html.Append($"<tr><td>{data.Role}</td><td class=\"n\">{data.Texts}</td><td class=\"n\">{data.Tokens}</td><td class=\"n\">{data.CutTexts}</td><td>{SvgChart.Escape(string.Join(", ", data.Classes.Select(pair => $"{pair.Key} {pair.Value}")))}</td><td><code>{SvgChart.Escape(data.Source)}</code></td></tr>");
        }

        return html.Append("</table>").ToString();
    }

    private static IEnumerable<(string Name, string Value)> RunFacts(RunRecord record)
    {
        yield return ("trained numbers", record.TrainedParameters.ToString("N0", CultureInfo.InvariantCulture));
        yield return ("steps", record.Steps.ToString(CultureInfo.InvariantCulture));
        yield return ("training time", DisplayText.Duration(TimeSpan.FromSeconds(record.TrainingSeconds)));
        yield return ("start-up", $"{record.StartUpSeconds:0.0} s");
        yield return ("tokens trained on", record.TrainedTokens.ToString("N0", CultureInfo.InvariantCulture));
        yield return ("device, precision, threads", $"{record.Device}, {record.Precision}, {record.Threads}");
        yield return ("peak memory", DisplayText.Bytes(record.PeakMemoryBytes ?? 0));
        yield return ("base weights", record.ModelHash);
        yield return ("started", record.StartedAt?.ToString("u", CultureInfo.InvariantCulture) ?? "");
        yield return ("lora-train", record.ToolVersion);
        foreach (var (name, version) in record.Libraries)
        {
            yield return (name, version);
        }
    }

    private static string Pairs(IEnumerable<(string Name, string Value)> pairs) =>
        $"<table>{string.Concat(pairs.Select(pair => $"<tr><th>{SvgChart.Escape(pair.Name)}</th><td><code>{SvgChart.Escape(pair.Value)}</code></td></tr>"))}</table>";
}
