using System.Text;
using System.Text.Json;
using LoraOnnx.Evaluation.Models;
using LoraOnnx.Evaluation.Reports;
using LoraOnnx.Evaluation.Scoring;

namespace LoraOnnx.Evaluation.Tests;

/// <summary>What lora-compare says of the demo checkpoint, and the formats it says it in.</summary>
public sealed class ComparisonTests
{
    [Fact]
    public void A_prediction_line_has_its_keys_in_order_and_logits_with_nine_digits()
    {
        using var stream = new MemoryStream();
        PredictionLine.Write(stream, 7, "lora", new TextScore([-1.2f, 1f / 3], 57, Truncated: false), "POSITIVE");
        Assert.Equal("""{"index":7,"model":"lora","tokens":57,"truncated":false,"logits":[-1.20000005,0.333333343],"label":"POSITIVE"}""" + "\n",
            Encoding.UTF8.GetString(stream.ToArray()));
    }

    [Fact]
    public void The_demo_checkpoint_has_its_raw_f1_in_json_and_a_prediction_a_text_in_order()
    {
        var predictions = Path.Combine(Path.GetTempPath(), $"predictions-{Guid.NewGuid():N}.jsonl");
        try
        {
            var data = Repository.Path("samples", "reviews", "test.jsonl");
            var results = Comparison.Run(new CompareOptions
            {
                Models = ModelArgument.ParseAll([$"raw={Repository.Path("models", "demo")}"]),
                Data = data,
                Predictions = predictions,
            }, TestContext.Current.CancellationToken);

            using var report = JsonDocument.Parse(JsonReport.Of(results, data));
            var figures = report.RootElement.GetProperty("models").GetProperty("raw");
            Assert.InRange(100 * figures.GetProperty("f1").GetDouble(), 86.5, 86.7);
            foreach (var name in new[] { "accuracy", "macro_f1", "precision", "recall", "roc_auc", "expected_calibration_error" })
            {
                Assert.InRange(figures.GetProperty(name).GetDouble(), 0, 1);
            }

            Assert.True(figures.GetProperty("log_loss").GetDouble() > 0);
            Assert.Equal(Enumerable.Range(0, 240), File.ReadLines(predictions).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("index").GetInt32()));
        }
        finally
        {
            File.Delete(predictions);
        }
    }

    [Fact]
    public void Names_in_the_html_report_are_escaped()
    {
        var data = Path.Combine(Path.GetTempPath(), $"one-text-{Guid.NewGuid():N}.jsonl");
        File.WriteAllText(data, """{"text": "A fine film.", "label": 1}""");
        try
        {
            var results = Comparison.Run(new CompareOptions
            {
                Models = [new ModelArgument("<raw>", Repository.Path("models", "demo"))],
                Data = data,
            }, TestContext.Current.CancellationToken);
            var html = HtmlReport.Of(results, "a&b.jsonl");
            Assert.Contains("<td>&lt;raw&gt;</td>", html, StringComparison.Ordinal);
            Assert.Contains("a&amp;b.jsonl", html, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(data);
        }
    }
}
