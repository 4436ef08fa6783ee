using System.Text.Json;

namespace LoraOnnx.EndToEnd.Tests;

/// <summary>What lora-merge --layout hub writes, loaded unchanged by transformers.js on Node and by our own programs.</summary>
public sealed class HubLayoutTests : IDisposable
{
    /// <summary>Sums in another order, in probabilities.</summary>
    private const double ExactTolerance = 1e-5;

    /// <summary>
    /// The same 8-bit weights; the file's activations are 8-bit codes and those of kernels bf16, which moves a probability near 0.5 by up to 0.06 and
    /// most others hardly: the mean tells a wrong product, the largest a wrong text.
    /// </summary>
    private const double RoundedTolerance = 0.1, RoundedMean = 0.005;

    private const int Texts = 50;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Models =>
        ["models/demo", .. new[] { "bert", "roberta" }.Select(family => FamilyGolden.CheckpointOf(FamilyGolden.FirstOf(family)))];

    [Theory]
    [MemberData(nameof(Models))]
    public void Transformers_js_answers_as_we_do_in_fp32_int8_and_q8(string model)
    {
        var node = NodePackages.Install(Repository.Path("tests", "EndToEnd.Tests", "Hub"), "hub-layout");
        var hub = Path.Combine(_folder.Path, "hub");
        Programs.Succeed("lora-merge", "--model", Repository.Path(model), "--layout", "hub", "--out", hub, "--no-verify");
        var texts = File.ReadLines(Repository.Path("samples", "reviews", "test.jsonl")).Take(Texts)
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("text").GetString()).ToList();
        var file = _folder.Write("texts.json", JsonSerializer.Serialize(texts));

        var result = Command.Run("node", [Path.Combine(node, "classify.mjs"), hub, file, "fp32", "int8", "q8"], TimeSpan.FromMinutes(5));

        Assert.True(result.ExitCode == 0, result.ToString());
        using var answers = JsonDocument.Parse(result.Output);
        Assert.Equal(Texts, answers.RootElement.GetProperty("q8").GetArrayLength());
        Assert.Equal(answers.RootElement.GetProperty("int8").GetRawText(), answers.RootElement.GetProperty("q8").GetRawText());
        foreach (var (type, largest, mean) in new[] { ("fp32", ExactTolerance, ExactTolerance), ("q8", RoundedTolerance, RoundedMean) })
        {
            var differences = Differences(answers.RootElement.GetProperty(type), OurScores(hub, type == "q8" ? "int8" : type));
            TestContext.Current.TestOutputHelper?.WriteLine($"{model} {type}: largest {differences.Max():G3}, mean {differences.Average():G3}");
            Assert.InRange(differences.Max(), 0, largest);
            Assert.InRange(differences.Average(), 0, mean);
        }
    }

    [Fact]
    public async Task Lora_compare_and_lora_serve_take_the_layout_as_a_model_with_the_bits_of_the_plain_one()
    {
        var (hub, plain) = (Path.Combine(_folder.Path, "hub"), Path.Combine(_folder.Path, "plain", "model.onnx"));
        var model = FamilyGolden.CheckpointOf(FamilyGolden.FirstOf("bert")); // its hub file has token types as a third input
        Programs.Succeed("lora-merge", "--model", model, "--layout", "hub", "--out", hub);
        Programs.Succeed("lora-merge", "--model", model, "--out", plain);
        var data = Path.Combine(_folder.Path, "in.jsonl");
        await File.WriteAllLinesAsync(data, File.ReadLines(Repository.Path("samples", "reviews", "test.jsonl")).Take(20),
            TestContext.Current.CancellationToken);
        var predictions = Path.Combine(_folder.Path, "predictions.jsonl");

        Programs.Succeed("lora-compare", $"hub={hub}", $"plain={plain}", "--data", data, "--precision", "fp32",
            "--predictions", predictions);
        using var server = await ServerProcess.StartAsync("--model", $"hub={hub}");
        var answer = Programs.Succeed("lora-serve", "predict", "--address", server.GrpcAddress, "A slow start.");

        var logits = File.ReadLines(predictions).Select(line => JsonDocument.Parse(line).RootElement)
            .ToLookup(row => row.GetProperty("model").GetString(), row => row.GetProperty("logits").GetRawText());
        Assert.Equal(20, logits["hub"].Count());
        Assert.Equal(logits["plain"], logits["hub"]);
        Assert.Matches("POSITIVE|NEGATIVE", answer.Output);
    }

    [Fact]
    public void The_cards_of_the_head_and_of_the_hub_tell_the_figures_of_the_run()
    {
        var (run, hub) = (Path.Combine(_folder.Path, "run"), Path.Combine(_folder.Path, "hub"));
        Programs.Succeed("lora-train", "--model", Repository.Path("models", "demo"), "--method", "head", "--epochs", "1", "--out", run,
            "--train", Reviews("train", 60), "--validation", Reviews("validation", 40), "--test", Reviews("test", 30));
        Programs.Succeed("lora-merge", "--run", run, "--layout", "hub", "--precision", "fp32", "--no-verify", "--out", hub);

        using var record = JsonDocument.Parse(File.ReadAllText(Path.Combine(run, "run.json")));
        var (f1, raw) = (F1("test"), F1("raw_test"));
        foreach (var card in new[] { Path.Combine(run, "head", "README.md"), Path.Combine(hub, "README.md") })
        {
            var text = File.ReadAllText(card);
            Assert.Contains("On the 30 test texts of test.jsonl", text, StringComparison.Ordinal);
            Assert.Contains(FormattableString.Invariant($"\n| the base | {raw:P1} | "), text, StringComparison.Ordinal);
            Assert.Contains(FormattableString.Invariant($"\n| trained | {f1:P1} | "), text, StringComparison.Ordinal);
        }

        Assert.Contains(FormattableString.Invariant($"type: f1, value: {f1:F4} "), File.ReadAllText(Path.Combine(hub, "README.md")),
            StringComparison.Ordinal);

        double F1(string figures) => record.RootElement.GetProperty(figures).GetProperty("f1").GetDouble();

        string Reviews(string set, int texts) => _folder.Write($"{set}.jsonl",
            string.Join('\n', File.ReadLines(Repository.Path("samples", "reviews", $"{set}.jsonl")).Take(texts)));
    }

    private static double[] Differences(JsonElement theirs, List<JsonElement> ours) =>
        [.. theirs.EnumerateArray().Zip(ours).SelectMany(pair => pair.First.EnumerateArray().Select(score => Math.Abs(
            score.GetProperty("score").GetDouble() - pair.Second.GetProperty($"score_{score.GetProperty("label").GetString()}").GetDouble())))];

    private List<JsonElement> OurScores(string hub, string precision)
    {
        var input = Path.Combine(_folder.Path, "in.jsonl");
        File.WriteAllLines(input, File.ReadLines(Repository.Path("samples", "reviews", "test.jsonl")).Take(Texts));
        var output = Path.Combine(_folder.Path, $"{precision}.jsonl");
        Programs.Succeed("lora-score", "--model", hub, "--precision", precision, "--in", input, "--out", output);
        return [.. File.ReadLines(output).Select(line => JsonDocument.Parse(line).RootElement)];
    }
}
