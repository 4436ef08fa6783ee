using System.Text.Json;
using System.Text.Json.Nodes;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;

namespace LoraOnnx.EndToEnd.Tests;

/// <summary>Train, merge with its proof, int8, compare and serve on every model that lies in golden/families.</summary>
public sealed class FamilyGoldenJobTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Models => [.. FamilyGolden.ModelsWith("model")];

    public static TheoryData<string> WithoutPooler => [.. FamilyGolden.ModelsWith("model").Where(
        model => Checkpoint.Open(FamilyGolden.CheckpointOf(model)).Config.Layout.Head.BeginsWithPooler)];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Models))]
    public async Task What_is_trained_is_merged_compared_and_served(string model)
    {
        const double Tolerance = 2e-5; // of logits, between engines
        var data = FamilyTexts.Write(Path.Combine(_folder.Path, "texts.jsonl"), model, 40, seed: 1);
        Train(model, data, "adapters", "--method", "lora", "--dora", "--targets", "all-linear");
        Train(model, data, "both", "--method", "lora+head", "--rslora");
        Merge(data, "adapters");
        Merge(data, "both", "--precision", "int8", "--save-checkpoint", In("checkpoint"));

        var compared = JsonDocument.Parse(Programs.Succeed("lora-compare", $"adapters={In("adapters")}", $"merged={In("adapters-onnx")}",
            $"both={In("both")}", $"both-merged={In("both-onnx", "model.onnx")}", $"rounded={In("both-onnx", "model.int8.onnx")}",
            $"checkpoint={In("checkpoint")}", "--data", data, "--predictions", In("predictions.jsonl"), "--json").Output)
            .RootElement.GetProperty("models");

        Assert.True(LargestDifference("adapters", Logits("merged")) <= Tolerance);
        Assert.True(LargestDifference("both", Logits("both-merged")) <= Tolerance);
        Assert.True(LargestDifference("both", Logits("checkpoint")) <= Tolerance);
        var largest = Logits("both").Max(row => row.Max(Math.Abs));
        Assert.InRange(LargestDifference("both", Logits("rounded")), 2e-5, 0.2 * largest);
        Assert.True(compared.GetProperty("both").GetProperty("f1").GetDouble() > 0.7, $"nothing was learnt: {compared}");
        using var server = await ServerProcess.StartAsync("--model", $"both={In("both-onnx", "model.onnx")}");
        var answers = Command.Run(ServerProcess.Program, ["predict", "--address", server.GrpcAddress, "--logits", "--json", "-"],
            input: string.Concat(File.ReadLines(data).Select(line => (string)JsonNode.Parse(line)!["text"]! + "\n")));
        Assert.True(answers.ExitCode == 0, answers.ToString());
        Assert.True(LargestDifference("both", answers.Output.TrimEnd().Split('\n').Select(LogitsOf)) <= Tolerance);
    }

    /// <summary>peft makes a pooler of its own for the classifier's class; where an adapter leaves it out, nobody has it any more.</summary>
    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(WithoutPooler))]
    public void A_classifier_that_was_trained_with_a_pooler_is_refused_without_it(string model)
    {
        var checkpoint = Checkpoint.Open(FamilyGolden.CheckpointOf(model));
        Train(model, FamilyTexts.Write(Path.Combine(_folder.Path, "texts.jsonl"), model, 8, seed: 1), "run");
        var adapter = LoraAdapter.Load(In("run", "adapter"), checkpoint.Config);
        var config = JsonNode.Parse(File.ReadAllText(In("run", "adapter", "adapter_config.json")))!;

        Assert.Contains("pooler", config["modules_to_save"]!.AsArray().Select(name => (string)name!));
        Programs.Succeed("lora-merge", "--model", checkpoint.Directory, "--adapter", In("run", "adapter"), "--out", In("whole", "model.onnx"));
        config["modules_to_save"] = new JsonArray("classifier");
        var lost = In("lost");
        Directory.CreateDirectory(lost);
        File.WriteAllText(Path.Combine(lost, "adapter_config.json"), config.ToJsonString());
        FamilyGolden.CopyTensors(In("run", "adapter", "adapter_model.safetensors"), Path.Combine(lost, "adapter_model.safetensors"),
            name => !name.Contains("pooler", StringComparison.Ordinal));
        var refused = Programs.Run("lora-merge", "--model", checkpoint.Directory, "--adapter", lost, "--out", In("onnx", "model.onnx"));

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains($"has no '{checkpoint.Config.Layout.Head.Linears[0].Linear.Weight}'", refused.Error, StringComparison.Ordinal);
        Assert.Contains("\"modules_to_save\": [", refused.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(In("onnx")));
        Assert.NotEmpty(adapter.Replacements);
    }

    private string In(params string[] parts) => Path.Combine([_folder.Path, .. parts]);

    private void Train(string model, string data, string run, params string[] more) => Programs.Succeed("lora-train",
        ["--model", FamilyGolden.CheckpointOf(model), "--train", data, "--validation", data, "--out", In(run), "--rank", "4", "--epochs", "12",
            "--lr", "0.01", "--precision", "fp32", "--threads", "1", .. more]);

    private void Merge(string data, string run, params string[] more) =>
        Programs.Succeed("lora-merge", ["--run", In(run), "--verify-data", data, "--out", In($"{run}-onnx", "model.onnx"), .. more]);

    private IEnumerable<double[]> Logits(string name) => File.ReadLines(In("predictions.jsonl"))
        .Where(line => (string?)JsonNode.Parse(line)!["model"] == name).Select(LogitsOf);

    private double LargestDifference(string name, IEnumerable<double[]> others) => Logits(name).Zip(others, (left, right) =>
        left.Zip(right, (x, y) => Math.Abs(x - y)).Max()).Max();

    private static double[] LogitsOf(string line) =>
        [.. JsonNode.Parse(line)!["logits"]!.AsArray().Select(logit => (double)logit!)];
}
