using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using LoraOnnx.Evaluation.Statistics;
using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Evaluation.Reports;

/// <summary>The report as one JSON object; numbers with all their digits. docs/compare.md lists the keys.</summary>
internal static class JsonReport
{
    private static readonly JsonSerializerOptions _indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Text(JsonObject report) => report.ToJsonString(_indented);

    public static JsonObject Of(ComparisonReport report) => new()
    {
        ["summary"] = report.Summary,
        ["models"] = Map(report.Models, model => model.Name, model => Model(model, report.Labels)),
        ["labels"] = List(report.Labels, label => label),
        ["data"] = Data(report.Data),
        ["options"] = Map(report.Options, option => option.Key, option => option.Value),
        ["machine"] = new JsonObject
        {
            ["processor"] = report.Machine.Processor,
            ["threads"] = report.Machine.Threads,
            ["system"] = report.Machine.System,
            ["runtime"] = report.Machine.Runtime,
        },
        ["tool"] = "lora-compare",
        ["tool_version"] = report.ToolVersion,
        ["made_at"] = report.MadeAt.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
    };

    private static JsonObject Model(ModelReport model, IReadOnlyList<string> labels)
    {
        var json = Map(Figure.All, figure => figure.Key, figure => figure.Of(model.Figures));
        AddCost(json, model);
        json["intervals"] = Map(Figure.All, figure => figure.Key, figure => Interval(model.Intervals[figure]));
        if (model.Figures.Confusion is { } confusion)
        {
            json["confusion_matrix"] = Matrix(confusion);
            json["confusion_matrix_intervals"] = List(model.CellIntervals, cell => Interval(cell));
        }

        json["per_label"] = Map(labels.Zip(model.Figures.PerLabel), pair => pair.First, pair => Label(pair.Second));
        json["reliability"] = List(model.Figures.Reliability.Where(bin => bin.Count > 0), bin => new JsonObject
        {
            ["from"] = bin.From,
            ["to"] = bin.To,
            ["texts"] = bin.Count,
            ["mean_confidence"] = bin.MeanConfidence,
            ["accuracy"] = bin.Accuracy,
        });
        json["difference"] = model.ToFirst is { } comparison ? Map(comparison.Differences, pair => pair.Key.Key, pair => Difference(pair.Value)) : null;
        json["mcnemar"] = model.ToFirst is { McNemar: var test }
            ? new JsonObject { ["only_first_right"] = test.OnlyFirstRight, ["only_this_right"] = test.OnlySecondRight, ["p_value"] = test.PValue }
            : null;
        json["calibration"] = new JsonObject { ["temperature"] = model.Calibration.Temperature, ["threshold"] = model.Calibration.Threshold };
        json["source"] = Source(model);
        return json;
    }

    /// <summary>Beside the figures, so that --require can name them as shortly.</summary>
    private static void AddCost(JsonObject json, ModelReport model)
    {
        json["trained_parameters"] = model.Card.TrainedParameters;
        json["training_seconds"] = model.Card.TrainingSeconds;
        json["trained_tokens"] = model.Card.TrainedTokens;
        json["bytes"] = model.Card.Bytes;
        json["texts_per_second"] = model.TextsPerSecond;
        json["tokens_per_second"] = model.TokensPerSecond;
        json["tokens"] = model.Tokens;
        json["cut_texts"] = model.CutTexts;
    }

    private static JsonObject Source(ModelReport model) => new()
    {
        ["path"] = model.Card.Path,
        ["kind"] = model.Card.Kind,
        ["sha256"] = Map(model.Card.Hashes, hash => hash.Key, hash => hash.Value),
        ["method"] = model.Card.Method,
        ["rank"] = model.Card.Rank,
        ["scale"] = model.Card.Scale,
        ["max_tokens"] = model.Card.MaxTokens,
        ["truncate"] = model.Card.Truncate,
    };

    private static JsonObject Data(DataReport data) => new()
    {
        ["path"] = data.Path,
        ["sha256"] = data.Hash,
        ["texts"] = data.Texts,
        ["label_counts"] = Map(data.LabelCounts, count => count.Key, count => count.Value),
    };

    private static JsonObject Label(ConfusionMatrix holds) => new()
    {
        ["texts"] = holds.Support(1),
        ["f1"] = holds.F1(1),
        ["precision"] = holds.Precision(1),
        ["recall"] = holds.Recall(1),
    };

    private static JsonArray Matrix(ConfusionMatrix confusion) =>
        List(Enumerable.Range(0, confusion.Classes), actual => List(Enumerable.Range(0, confusion.Classes), predicted => confusion[actual, predicted]));

    private static JsonObject? Interval(Interval? interval) =>
        interval is { } known ? new JsonObject { ["low"] = known.Low, ["high"] = known.High } : null;

    private static JsonObject Difference((double Value, Interval? Interval) difference) =>
        new() { ["value"] = difference.Value, ["low"] = difference.Interval?.Low, ["high"] = difference.Interval?.High };

    private static JsonObject Map<T>(IEnumerable<T> items, Func<T, string> key, Func<T, JsonNode?> value) =>
        new(items.Select(item => KeyValuePair.Create(key(item), value(item))));

    private static JsonArray List<T>(IEnumerable<T> items, Func<T, JsonNode?> value) => new([.. items.Select(value)]);
}
