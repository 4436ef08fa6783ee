using System.Text.Json.Nodes;
using LoraOnnx.Evaluation.Choices;
using LoraOnnx.Evaluation.Statistics;
using LoraOnnx.Model;
using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Evaluation.Reports;

/// <summary>One model in the report's JSON.</summary>
internal static class JsonModel
{
    /// <summary>What a model costs, beside its figures so that --require can name it as shortly.</summary>
    public static readonly IReadOnlyList<string> CostKeys =
        ["trained_parameters", "training_seconds", "trained_tokens", "bytes", "texts_per_second", "tokens_per_second", "tokens", "cut_texts"];

    /// <summary>Objects and lists with further numbers.</summary>
    public static readonly IReadOnlyList<string> GroupKeys =
        ["intervals", "difference", "mcnemar", "confusion_matrix", "confusion_matrix_intervals", "per_label", "roc", "reliability", "calibration",
            "choice", "agreement", "speed_to_first", "source"];

    public static JsonObject Of(ModelReport model, ComparisonReport report)
    {
        var json = JsonReport.Map(Figure.All, figure => figure.Key, figure => figure.Of(model.Figures));
        AddCost(json, model);
        json["intervals"] = JsonReport.Map(Figure.All, figure => figure.Key, figure => JsonReport.Range(model.Intervals[figure]));
        json["difference"] = model.ToFirst is { } comparison
            ? JsonReport.Map(comparison.Differences, pair => pair.Key.Key, pair => DifferenceOf(pair.Value))
            : null;
        json["mcnemar"] = model.ToFirst is { McNemar: var test }
            ? new JsonObject { ["only_first_right"] = test.OnlyFirstRight, ["only_this_right"] = test.OnlySecondRight, ["p_value"] = test.PValue }
            : null;
        if (model.Figures.Confusion is { } confusion)
        {
            json["confusion_matrix"] = Matrix(confusion, (actual, predicted) => confusion[actual, predicted]);
            json["confusion_matrix_intervals"] =
                Matrix(confusion, (actual, predicted) => JsonReport.Range(CountInterval.Of(confusion[actual, predicted], confusion.Total)));
        }

        json["per_label"] = JsonReport.Map(report.Labels.Zip(model.Figures.PerLabel), pair => pair.First, pair => Label(pair.Second));
        if (report.ProblemType == ProblemType.MultiLabel)
        {
            foreach (var (label, index) in report.Labels.Select((label, index) => (label, index)))
            {
                json["per_label"]![label]!["threshold"] = model.Calibration.ThresholdOf(index); // made above
            }
        }

        json["roc"] = JsonReport.List(
            model.Roc, point => new JsonObject
            {
                ["false_positive_rate"] = point.FalsePositiveRate,
                ["true_positive_rate"] = point.TruePositiveRate,
            });
        json["reliability"] = JsonReport.List(model.Reliability, Point);
        json["calibration"] = new JsonObject { ["temperature"] = model.Calibration.Temperature, ["threshold"] = model.Calibration.Threshold };
        json["choice"] = model.Choice is { } choice ? Choice(choice) : null;
        json["agreement"] = model.Agreement is { } agreement ? Agreement(agreement) : null;
        json["speed_to_first"] = model.SpeedToFirst is { } speed
            ? new JsonObject { ["ratio"] = speed.Ratio, ["low"] = speed.Interval?.Low, ["high"] = speed.Interval?.High, ["same"] = speed.IsSame }
            : null;
        json["texts"] = new JsonObject
        {
            ["gained"] = JsonReport.Texts(model.Texts.Gained, report.Models),
            ["lost"] = JsonReport.Texts(model.Texts.Lost, report.Models),
            ["worst_errors"] = JsonReport.Texts(model.Texts.WorstErrors, report.Models),
        };
        json["explanation_refusal"] = model.ExplanationRefusal;
        json["source"] = Source(model);
        return json;
    }

    private static void AddCost(JsonObject json, ModelReport model)
    {
        JsonNode?[] costs =
        [
            model.Card.TrainedParameters, model.Card.TrainingSeconds, model.Card.TrainedTokens, model.Card.Bytes,
            model.TextsPerSecond, model.TokensPerSecond, model.Tokens, model.CutTexts,
        ];
        foreach (var (key, cost) in CostKeys.Zip(costs))
        {
            json[key] = cost;
        }
    }

    private static JsonObject Source(ModelReport model) => new()
    {
        ["path"] = model.Card.Source,
        ["kind"] = model.Card.Kind,
        ["sha256"] = JsonReport.Map(model.Card.Hashes, hash => hash.Key, hash => hash.Value),
        ["method"] = model.Card.Method,
        ["rank"] = model.Card.Rank,
        ["scale"] = model.Card.Scale,
        ["precision"] = model.Card.Precision,
        ["max_tokens"] = model.Card.MaxTokens,
        ["truncate"] = model.Card.Truncate,
    };

    private static JsonObject DifferenceOf(Difference difference) =>
        new() { ["value"] = difference.Value, ["low"] = difference.Interval?.Low, ["high"] = difference.Interval?.High };

    private static JsonArray Matrix(ConfusionMatrix confusion, Func<int, int, JsonNode?> cell) =>
        JsonReport.List(Enumerable.Range(0, confusion.Classes),
            actual => JsonReport.List(Enumerable.Range(0, confusion.Classes), predicted => cell(actual, predicted)));

    private static JsonObject Label(ConfusionMatrix holds) => new()
    {
        ["texts"] = holds.Support(1),
        ["f1"] = holds.F1(1),
        ["precision"] = holds.Precision(1),
        ["recall"] = holds.Recall(1),
    };

    private static JsonObject Point(ReliabilityPoint point) => new()
    {
        ["from"] = point.Bin.From,
        ["to"] = point.Bin.To,
        ["answers"] = point.Bin.Count,
        ["mean_confidence"] = point.Bin.MeanConfidence,
        ["accuracy"] = point.Bin.Accuracy,
        ["intervals"] = new JsonObject
        {
            ["mean_confidence"] = JsonReport.Range(point.MeanConfidence),
            ["accuracy"] = JsonReport.Range(point.Accuracy),
        },
    };

    private static JsonObject Choice(ChoiceReport choice) => new()
    {
        ["scale"] = choice.Scale,
        ["temperature"] = choice.Temperature,
        ["threshold"] = choice.Threshold,
        ["validation_before"] = Validation(choice.Before),
        ["validation_after"] = Validation(choice.After),
        ["curve"] = JsonReport.List(choice.Curve, point => new JsonObject
        {
            ["scale"] = point.Scale,
            ["f1"] = point.F1,
            ["accuracy"] = point.Accuracy,
            ["log_loss"] = point.LogLoss,
        }),
    };

    private static JsonObject Validation(ValidationFigures figures) => new()
    {
        ["f1"] = figures.F1,
        ["accuracy"] = figures.Accuracy,
        ["log_loss"] = figures.LogLoss,
        ["expected_calibration_error"] = figures.CalibrationError,
    };

    private static JsonObject Agreement(ServerAgreement agreement) => new()
    {
        ["model"] = agreement.Model,
        ["same_file"] = agreement.SameFile,
        ["identical"] = agreement.DifferentTexts == 0,
        ["largest_difference"] = agreement.LargestDifference,
        ["different_texts"] = agreement.DifferentTexts,
    };
}
