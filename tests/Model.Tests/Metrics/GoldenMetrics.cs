using System.Text.Json;
using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Model.Tests.Metrics;

/// <summary>A case of golden/metrics.json: inputs as the metrics take them, expected figures by scikit-learn's names.</summary>
internal sealed record GoldenCase(string Name, ScoredTexts Texts, JsonElement Expected)
{
    /// <summary>An expected figure, or null where scikit-learn gives none.</summary>
    public double? Figure(string name) => Expected.GetProperty(name) is { ValueKind: JsonValueKind.Number } number ? number.GetDouble() : null;
}

internal static class GoldenMetrics
{
    private static readonly JsonElement _root = JsonDocument.Parse(
        File.ReadAllBytes(Golden.Path("metrics.json"))).RootElement;

    public static IEnumerable<GoldenCase> Binary()
    {
        foreach (var json in _root.GetProperty("binary").EnumerateArray())
        {
            var texts = new ScoredTexts(2, ProblemType.SingleLabel, new Calibration { Threshold = 0.5 });
            foreach (var (label, score) in Integers(json, "labels")
                .Zip(json.GetProperty("probability_of_positive").EnumerateArray().Select(value => value.GetDouble())))
            {
                texts.Add([label], [1 - score, score]);
            }

            yield return new GoldenCase(json.GetProperty("name").GetString()!, texts, json);
        }
    }

    public static IEnumerable<GoldenCase> MultiClass()
    {
        foreach (var json in _root.GetProperty("multiclass").EnumerateArray())
        {
            var classes = json.GetProperty("classes").GetInt32();
            var texts = new ScoredTexts(classes, ProblemType.SingleLabel, Calibration.None);
            foreach (var (label, row) in Integers(json, "labels").Zip(json.GetProperty("probabilities").EnumerateArray()))
            {
                texts.Add([label], [.. row.EnumerateArray().Select(value => value.GetDouble())]);
            }

            yield return new GoldenCase($"{classes} classes", texts, json);
        }
    }

    public static int[] Integers(JsonElement json, string name) => [.. json.GetProperty(name).EnumerateArray().Select(value => value.GetInt32())];
}
