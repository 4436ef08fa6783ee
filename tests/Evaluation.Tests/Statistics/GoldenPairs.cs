using System.Text.Json;
using LoraOnnx.Model;
using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Evaluation.Tests.Statistics;

/// <summary>The answers of two models to the same texts, with scipy's test and numpy's intervals.</summary>
internal sealed record GoldenPair(ScoredTexts First, ScoredTexts Second, JsonElement Expected)
{
    public static IReadOnlyList<GoldenPair> All { get; } = [.. Read()];

    public int Count => First.Count;

    private static IEnumerable<GoldenPair> Read()
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Golden.Path("metrics.json")));
        foreach (var pair in json.RootElement.GetProperty("pairs").EnumerateArray())
        {
            var labels = Integers(pair, "labels");
            yield return new GoldenPair(Texts(labels, Integers(pair, "first")), Texts(labels, Integers(pair, "second")), pair.Clone());
        }
    }

    private static ScoredTexts Texts(int[] labels, int[] answers)
    {
        var texts = new ScoredTexts(2, ProblemType.SingleLabel, Calibration.None);
        foreach (var (label, answer) in labels.Zip(answers))
        {
            texts.Add([label], answer == 1 ? [0.2, 0.8] : [0.8, 0.2]);
        }

        return texts;
    }

    private static int[] Integers(JsonElement json, string name) => [.. json.GetProperty(name).EnumerateArray().Select(value => value.GetInt32())];
}
