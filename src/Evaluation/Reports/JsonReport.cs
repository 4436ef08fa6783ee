using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using LoraOnnx.Evaluation.Gate;
using LoraOnnx.Evaluation.Slices;
using LoraOnnx.Evaluation.Statistics;
using LoraOnnx.Evaluation.Texts;

namespace LoraOnnx.Evaluation.Reports;

/// <summary>The report as one JSON object; numbers with all their digits. docs/compare.md lists the keys.</summary>
internal static class JsonReport
{
    private static readonly JsonSerializerOptions _indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Names of a model's figures: those of quality from 0 to 1 (losses aside), then those of cost.</summary>
    public static IReadOnlyList<string> FigureKeys { get; } = [.. Figure.All.Select(figure => figure.Key), .. JsonModel.CostKeys];

    /// <summary>All keys of a model under which numbers are found.</summary>
    public static IReadOnlyList<string> ModelKeys { get; } = [.. FigureKeys, .. JsonModel.GroupKeys];

    public static string Text(JsonObject report) => report.ToJsonString(_indented);

    public static JsonObject Of(ComparisonReport report) => new()
    {
        ["summary"] = report.Summary,
        ["models"] = Models(report),
        ["slices"] = List(report.Slices, slice => SliceOf(slice, report.Models)),
        ["values"] = List(report.Values, value => new JsonObject
        {
            ["column"] = value.Column,
            ["better_own"] = List(value.BetterOwn, name => name),
            ["better_pooled"] = List(value.BetterPooled, name => name),
            ["unclear"] = List(value.Unclear, name => name),
        }),
        ["likely_label_errors"] = Texts(report.LikelyLabelErrors, report.Models),
        ["requirements"] = List(report.Requirements, RequirementOf),
        ["labels"] = List(report.Labels, label => label),
        ["data"] = Data(report.Data),
        ["validation"] = report.Validation is null ? null : Data(report.Validation),
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

    /// <summary>The figures of each model by its name.</summary>
    public static JsonObject Models(ComparisonReport report) => Map(report.Models, model => model.Name, model => JsonModel.Of(model, report));

    internal static JsonObject Map<T>(IEnumerable<T> items, Func<T, string> key, Func<T, JsonNode?> value)
    {
        var map = new JsonObject();
        foreach (var item in items)
        {
            map[key(item)] = value(item); // of two classes of one name, the later
        }

        return map;
    }

    internal static JsonArray List<T>(IEnumerable<T> items, Func<T, JsonNode?> value) => new([.. items.Select(value)]);

    internal static JsonObject? Range(Interval? interval) => interval is { } known
        ? new JsonObject { ["low"] = known.Low, ["high"] = known.High }
        : null;

    internal static JsonArray Texts(IReadOnlyList<TextExcerpt> texts, IReadOnlyList<ModelReport> models) => List(texts, text => new JsonObject
    {
        ["index"] = text.Index,
        ["label"] = text.Label,
        ["answers"] = Map(models.Zip(text.Answers), pair => pair.First.Name, pair => Answer(pair.Second, text.Characters)),
        ["text"] = text.Text,
    });

    private static JsonObject Answer(TextAnswer answer, int characters)
    {
        var json = new JsonObject
        {
            ["label"] = answer.Label,
            ["confidence"] = answer.Confidence,
            ["label_probability"] = answer.TruthProbability,
        };
        if (answer.Explanation is { } explained)
        {
            json["explanation"] = new JsonObject
            {
                ["label"] = explained.Label,
                ["logit"] = explained.Logit,
                ["baseline_logit"] = explained.BaselineLogit,
                ["steps"] = explained.Steps,
                ["gap"] = explained.Gap,
                ["warning"] = explained.Warning,
                ["words"] = List(explained.Within(characters), word => new JsonObject { ["text"] = word.Text, ["value"] = word.Value }),
                ["beyond"] = explained.Beyond(characters),
            };
        }

        return json;
    }

    private static JsonObject SliceOf(SliceReport slice, IReadOnlyList<ModelReport> models) => new()
    {
        ["kind"] = slice.Slice.Kind,
        ["value"] = slice.Slice.Value,
        ["title"] = slice.Slice.Title,
        ["texts"] = slice.Slice.Texts.Count,
        ["models"] = Map(models.Zip(slice.Models), pair => pair.First.Name, pair => new JsonObject
        {
            ["accuracy"] = pair.Second.Accuracy,
            ["f1"] = pair.Second.F1,
            ["difference"] = pair.Second.Difference,
            ["interval"] = Range(pair.Second.Interval),
            ["verdict"] = pair.Second.Verdict,
        }),
    };

    private static JsonObject RequirementOf(ConditionResult result) => new()
    {
        ["expression"] = result.Expression,
        ["holds"] = result.Holds,
        ["left"] = Finite(result.Left),
        ["right"] = Finite(result.Right),
    };

    /// <summary>JSON has no word for the result of a division by zero.</summary>
    private static double? Finite(double value) => double.IsFinite(value) ? value : null;

    private static JsonObject Data(DataReport data) => new()
    {
        ["path"] = data.Source,
        ["sha256"] = data.Hash,
        ["texts"] = data.Texts,
        ["label_counts"] = Map(data.LabelCounts, count => count.Key, count => count.Value),
    };
}
