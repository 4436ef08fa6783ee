using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace LoraOnnx.EndToEnd.Tests;

/// <summary>
/// Several labels a text, on a base that was made for one: new head, thresholds from the validation texts, and the same answers from file and server.
/// </summary>
public sealed class SeveralLabelsTests : IDisposable
{
    private static readonly string[] _texts = ["good film", "bad film", "a good but slow film", "bad and slow", "the plot is good", "a bad plot",
        "slow", "the film"];
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("lists.jsonl")]
    [InlineData("bars.csv")]
    [InlineData("columns.csv", "--label-columns", "joy,pace")]
    public async Task Lists_bars_and_columns_go_through_all_programs(string name, params string[] options)
    {
        using var model = new TinyModel();
        var (data, run, onnx) = (_folder.Write(name, Content(name)), Path.Combine(_folder.Path, "run"), Path.Combine(_folder.Path, "onnx"));

        var trained = Programs.Succeed("lora-train", ["--model", model.Checkpoint, "--train", data, "--validation", data, "--epochs", "8", "--lr",
            "0.01",
            "--class-weights", "balanced", "--sampling", "balanced", "--out", run, .. options]);
        Programs.Succeed("lora-merge", ["--run", run, "--verify-data", data, "--out", Path.Combine(onnx, "model.onnx"), .. options]);
        var page = Path.Combine(_folder.Path, "page.html");
        var models = JsonDocument.Parse(Programs.Succeed("lora-compare",
            [$"run={run}", $"onnx={onnx}", "--data", data, "--json", "--out", page, .. options]).Output)
            .RootElement.GetProperty("models").EnumerateObject().Select(scored => scored.Value).ToList();

        var record = JsonNode.Parse(File.ReadAllText(Path.Combine(run, "run.json")))!;
        var thresholds = Thresholds(run);
        Assert.Contains("thresholds of the labels chosen on the validation texts", trained.Error, StringComparison.Ordinal);
        Assert.Equal("multi_label_classification", (string?)record["problem_type"]);
        Assert.Equal(["joy", "pace"], record["labels"]!.AsArray().Select(label => (string?)label));
        Assert.Equal(thresholds, record["validation"]!["labels"]!.AsArray().Select(label => (double)label!["threshold"]!));
        Assert.Equal(thresholds, Thresholds(onnx));
        Assert.All(models, scored => Assert.Equal(thresholds, scored.GetProperty("per_label").EnumerateObject()
            .Select(label => label.Value.GetProperty("threshold").GetDouble())));
        foreach (var report in (string[])[page, Path.Combine(run, "report.html")])
        {
            var table = Regex.Match(File.ReadAllText(report), "<caption>Figures of each label.*?</table>", RegexOptions.Singleline).Value;
            Assert.All(["precision", "recall", "threshold", "joy", "pace", .. thresholds.Select(threshold => $"{threshold:0.0000}")],
                part => Assert.Contains(part, table, StringComparison.Ordinal));
        }

        Assert.All(models, scored => Assert.Equal((double)record["validation"]!["f1"]!, scored.GetProperty("f1").GetDouble(), 1e-9));
        Assert.All(models, scored => Assert.Equal((double)record["validation"]!["macro_f1"]!, scored.GetProperty("macro_f1").GetDouble(), 1e-9));
        await ServerAnswersByThresholds(onnx, thresholds);
    }

    private static async Task ServerAnswersByThresholds(string onnx, double[] thresholds)
    {
        using var server = await ServerProcess.StartAsync("--model", $"several={onnx}");
        using var http = new HttpClient { BaseAddress = server.HttpAddress };
        foreach (var text in _texts)
        {
            var answer = JsonNode.Parse(Command.Run(ServerProcess.Program, ["predict", "--address", server.GrpcAddress, "--json", text],
                TimeSpan.FromMinutes(1)).Output)!;
            var scores = answer["scores"]!.AsArray().Select(score => (Label: (string)score!["label"]!, Score: (double)score["score"]!)).ToList();

            Assert.Equal(scores.MaxBy(score => score.Score).Label, (string?)answer["label"]);
            Assert.Equal(scores.Where((score, index) => score.Score >= thresholds[index]).Select(score => score.Label),
                (answer["labels"]?.AsArray() ?? []).Select(label => (string)label!));
            await OtherProtocolsAgree(http, text, answer, [.. scores.Select(score => score.Score)]);
        }
    }

    /// <summary>REST has the labels that hold too; KServe and TEI have no place for them, but the same scores and the highest first.</summary>
    private static async Task OtherProtocolsAgree(HttpClient http, string text, JsonNode answer, double[] scores)
    {
        var rest = await Post(http, "/v1/predict", new JsonObject { ["text"] = text });
        var tensors = (await Post(http, "/v2/models/several/infer", JsonNode.Parse("""
            {"inputs": [{"name": "TEXT", "shape": [1], "datatype": "BYTES", "data": []}]}
            """)!, body => body["inputs"]![0]!["data"]!.AsArray().Add(text)))["outputs"]!.AsArray()
            .ToDictionary(tensor => (string)tensor!["name"]!, tensor => tensor!["data"]!.AsArray());
        var tei = (await Post(http, "/predict", new JsonObject { ["inputs"] = text })).AsArray();

        Assert.Equal((string?)answer["label"], (string?)rest["label"]);
        Assert.Equal((answer["labels"]?.AsArray() ?? []).Select(label => (string)label!), rest["labels"]!.AsArray().Select(label => (string)label!));
        Same(scores, rest["scores"]!.AsArray().Select(score => (double)score!["score"]!));
        Same(scores, tensors["scores"].Select(score => (double)score!));
        Assert.Equal((string?)answer["label"], (string?)tensors["label"][0]);
        Assert.Equal((string?)answer["label"], (string?)tei[0]!["label"]);
        Same(scores.OrderDescending(), tei.Select(score => (double)score!["score"]!));
    }

    /// <summary>Float32 in every protocol, written with more or fewer digits.</summary>
    private static void Same(IEnumerable<double> expected, IEnumerable<double> scores) =>
        Assert.All(expected.Zip(scores), pair => Assert.Equal(pair.First, pair.Second, 1e-6));

    private static async Task<JsonNode> Post(HttpClient http, string path, JsonNode body, Action<JsonNode>? fill = null)
    {
        fill?.Invoke(body);
        using var content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        using var response = await http.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);
        var answer = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"{path}: {answer}");
        return JsonNode.Parse(answer)!;
    }

    private static double[] Thresholds(string folder) =>
        [.. JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "calibration.json")))!["thresholds"]!.AsArray()
            .Select(threshold => (double)threshold!)];

    private static string Content(string name)
    {
        var rows = _texts.Select(text => (Text: text, Joy: text.Contains("good", StringComparison.Ordinal),
            Pace: text.Contains("slow", StringComparison.Ordinal)));
        string[] Names(bool joy, bool pace) => [.. joy ? ["joy"] : Array.Empty<string>(), .. pace ? ["pace"] : Array.Empty<string>()];
        return name switch
        {
            "lists.jsonl" => string.Concat(rows.Select(row =>
                JsonSerializer.Serialize(new { text = row.Text, labels = Names(row.Joy, row.Pace) }) + "\n")),
            "bars.csv" => "text,labels\n" + string.Concat(rows.Select(row => $"{row.Text},{string.Join('|', Names(row.Joy, row.Pace))}\n")),
            _ => "text,joy,pace\n" + string.Concat(rows.Select(row => $"{row.Text},{(row.Joy ? 1 : 0)},{(row.Pace ? 1 : 0)}\n")),
        };
    }
}
