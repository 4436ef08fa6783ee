using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LoraOnnx.EndToEnd.Tests;

/// <summary>
/// Somebody's first ten minutes with reviews of their own: the file as it is, a base without a head, train, merge, compare, score, serve, and
/// nothing is edited in between.
/// </summary>
public sealed class OwnReviewsTests : IDisposable
{
    private static readonly string[] _good = ["good film", "a great film", "the film is great", "great", "a good movie", "the actor is good",
        "good good film", "great actor"];
    private static readonly string[] _bad = ["bad film", "a awful film", "the film is awful", "awful", "a bad movie", "the actor is bad",
        "bad bad film", "awful plot"];
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Kaggle_shaped_reviews_and_sentiments() => await Walk("imdb.csv",
        "review,sentiment\n" + Rows((text, isGood) => $"\"{text}, I \"\"think\"\"<br />\nso\",{(isGood ? "positive" : "negative")}\n"),
            ["negative", "positive"]);

    [Fact]
    public async Task A_sheet_of_Excel_with_semicolons() => await Walk("sheet.csv",
        "Id;Comment;Class\r\n" + Rows((text, isGood) => $"7;{text}, na ja;{(isGood ? "gut" : "schlecht")}\r\n"), ["gut", "schlecht"]);

    [Fact]
    public async Task One_to_five_stars() => await Walk("stars.csv",
        "content,stars\n" + Rows((text, isGood, row) => $"{text},{(isGood ? 4 + (row / 2 % 2) : 1 + (row / 2 % 3))}\n"), ["1", "2", "3", "4", "5"]);

    [Fact]
    public async Task Stars_put_into_three_classes() => await Walk("stars.csv",
        "content,stars\n" + Rows((text, isGood, row) => $"{text},{(isGood ? 4 + (row / 2 % 2) : 1 + (row / 2 % 3))}\n"),
        ["negative", "neutral", "positive"], "--label-map", "1-2=negative,3=neutral,4-5=positive");

    [Fact]
    public async Task Lines_of_JSON_with_three_classes() => await Walk("three.jsonl",
        Rows((text, isGood, row) => $"{{\"body\": \"{text}\", \"rating\": \"{(row % 3 == 0 ? "mixed" : isGood ? "good" : "bad")}\"}}\n"),
            ["bad", "good", "mixed"]);

    private static string Rows(Func<string, bool, string> row) => Rows((text, isGood, _) => row(text, isGood));

    private static string Rows(Func<string, bool, int, string> row) => string.Concat(_good.Zip(_bad).SelectMany((pair, index) =>
        new[] { row(pair.First, true, 2 * index), row(pair.Second, false, (2 * index) + 1) }));

    private async Task Walk(string name, string content, string[] labels, params string[] options)
    {
        using var model = new TinyModel();
        model.Save(model.Weights.Tensors.Where(tensor => !tensor.Name.Contains("classifier", StringComparison.Ordinal)));
        var (data, run, onnx) = (_folder.Write(name, content), Path.Combine(_folder.Path, "run"), Path.Combine(_folder.Path, "onnx"));

        var trained = Programs.Succeed("lora-train", ["--model", model.Checkpoint, "--train", data, "--validation", "25%", "--epochs", "2", "--out",
            run, .. options]);
        Programs.Succeed("lora-merge", ["--run", run, "--verify-data", data, "--out", Path.Combine(onnx, "model.onnx"), .. options]);
        var compared = JsonDocument.Parse(Programs.Succeed("lora-compare", [$"run={run}", $"onnx={onnx}", "--data", data, "--json", .. options])
            .Output).RootElement;

        var scored = Path.Combine(_folder.Path, "scored.jsonl");
        var summary = Programs.Succeed("lora-score", ["--model", onnx, "--in", data, "--out", scored, "--labels", string.Join(',', labels),
            .. options]).Output;

        Assert.Contains("--method lora becomes lora+head", trained.Error, StringComparison.Ordinal);
        Assert.Contains($"{name}: texts from column", trained.Error, StringComparison.Ordinal);
        Assert.Equal(labels, Labels(JsonNode.Parse(File.ReadAllText(Path.Combine(onnx, "config.json")))!["id2label"]!));
        Assert.Equal(labels, JsonNode.Parse(File.ReadAllText(Path.Combine(run, "run.json")))!["labels"]!.AsArray()
            .Select(label => label!.GetValue<string>()));
        Assert.Equal(["run", "onnx"], compared.GetProperty("models").EnumerateObject().Select(scored => scored.Name));
        List<JsonNode> rows = [.. File.ReadLines(scored).Select(line => JsonNode.Parse(line)!)];
        Assert.Equal(_good.Length + _bad.Length, rows.Count);
        Assert.All(rows, row => Assert.Equal((double)row["score"]!, labels.Max(label => (double)row[$"score_{label}"]!)));
        Assert.All(rows, row => Assert.Contains((string)row["label"]!, labels));
        var agreeing = compared.GetProperty("models").GetProperty("onnx").GetProperty("accuracy").GetDouble();
        var agreement = string.Create(CultureInfo.InvariantCulture, $"; of {rows.Count} labels in the input {rows.Count * agreeing:0} agree");
        Assert.Contains(agreement, summary, StringComparison.Ordinal);
        Assert.Equal(labels, await ServedLabels(onnx));
    }

    private static async Task<IEnumerable<string>> ServedLabels(string onnx)
    {
        using var server = await ServerProcess.StartAsync("--model", onnx);
        using var client = new HttpClient();
        var answer = await client.GetStringAsync(new Uri(server.HttpAddress, "/v1/models"), TestContext.Current.CancellationToken);
        return JsonNode.Parse(answer)!["models"]![0]!["labels"]!.AsArray().Select(label => label!.GetValue<string>());
    }

    private static IEnumerable<string> Labels(JsonNode names) => names.AsObject().Select(pair => pair.Value!.GetValue<string>());
}
