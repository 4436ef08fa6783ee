using System.Globalization;
using System.Text.Json.Nodes;

namespace LoraOnnx.EndToEnd.Tests;

/// <summary>An adapter for each tenant, from one table of texts to answers: lora-train --per, lora-compare, lora-serve --adapters.</summary>
public sealed class TenantsTests : IDisposable
{
    private const double Tolerance = 1e-5; // of a score, between a merged file and an adapter beside its base

    private readonly TinyModel _base = new();
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _base.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("lora+head", 0.95)]
    [InlineData("head", 0)] // a random encoder's features do not tell the words apart
    public async Task Tenants_are_trained_compared_and_served_on_one_base(string method, double least)
    {
        var (data, test) = (Write("train.jsonl", 60, seed: 1), Write("test.jsonl", 40, seed: 2));
        Programs.Succeed("lora-train", ["--model", _base.Checkpoint, "--train", data, "--validation", "20%", "--per", "tenant", "--out",
            In("tenants"), "--method", method, "--lr", "1e-2", "--epochs", "20", "--threads", "2", "--precision", "fp32"]);
        Programs.Succeed("lora-merge", "--model", _base.Checkpoint, "--out", In("raw", "model.onnx"));

        var report = JsonNode.Parse(Programs.Succeed("lora-compare", In("tenants"), "--data", test, "--predictions", In("predictions.jsonl"),
            "--json").Output)!;
        var table = Programs.Succeed("lora-compare", In("tenants")).Output;
        using var server = await ServerProcess.StartAsync("--model", $"base={In("raw", "model.onnx")}", "--adapters", In("tenants"));

        // plain and odd contradict each other, so that one set of weights cannot serve both
        Assert.Equal(["all", "own", "base"], report["models"]!.AsObject().Select(model => model.Key));
        var (all, own) = ((double)report["models"]!["all"]!["f1"]!, (double)report["models"]!["own"]!["f1"]!);
        Assert.True(own >= least && (least == 0 || all < 0.9), $"F1 of all {all}, own {own}");
        Assert.True(least == 0 || report["values"]![0]!["better_own"]!.AsArray().Count > 0, report["values"]!.ToString());
        Assert.Matches("(?m)^tenant +texts +validation texts +base F1 +all F1 +own F1 +best$", table);
        Assert.Matches("(?m)^odd +48 +12 ", table);
        var scored = File.ReadLines(In("predictions.jsonl")).Select(line => JsonNode.Parse(line)!)
            .Where(line => (string)line["model"]! == "own").ToList();
        var explained = report["models"]!["own"]!["texts"]!["gained"]!.AsArray().Select(text => text!)
            .Where(text => text["answers"]!["own"]!["explanation"] is not null).ToList();
        Assert.True(least == 0 || explained.Count == 2, $"{explained.Count} texts are explained");
        foreach (var text in explained)
        {
            var answer = text["answers"]!["own"]!["explanation"]!;
            var label = report["labels"]!.AsArray().Select(name => (string)name!).ToList().IndexOf((string)answer["label"]!);
            Assert.Equal(Logits(scored[(int)text["index"]!])[label], (double)answer["logit"]!, 1e-4); // by the weights of the text's tenant
        }

        foreach (var tenant in new[] { "plain", "odd" })
        {
            var rows = File.ReadLines(test).Select(line => JsonNode.Parse(line)!).Index()
                .Where(row => (string)row.Item["tenant"]! == tenant).ToList();
            var answers = Command.Run(ServerProcess.Program, ["predict", "--address", server.GrpcAddress, "--model", tenant, "--logits", "--json",
                "-"], input: string.Concat(rows.Select(row => (string)row.Item["text"]! + "\n")));
            Assert.True(answers.ExitCode == 0, answers.ToString());
            foreach (var (row, answer) in rows.Zip(answers.Output.TrimEnd().Split('\n')))
            {
                Assert.Equal(Logits(scored[row.Index]), Logits(JsonNode.Parse(answer)!), (one, other) => Math.Abs(one - other) < Tolerance);
            }
        }
    }

    private static double[] Logits(JsonNode line) =>
        [.. line["logits"]!.AsArray().Select(logit => double.Parse(logit!.ToString(), CultureInfo.InvariantCulture))];

    private string In(params string[] parts) => Path.Combine([_folder.Path, .. parts]);

    private string Write(string name, int each, int seed)
    {
        var random = new Random(seed);
        var rows = new List<string>();
        foreach (var (tenant, flipped) in new[] { ("plain", false), ("odd", true) })
        {
            for (var index = 0; index < each; index++)
            {
                string[] words = index % 2 == 1 ? ["good", "great", "fine"] : ["bad", "awful", "poor"];
                rows.Add(new JsonObject
                {
                    ["text"] = $"the {(random.Next(2) == 0 ? "film" : "movie")} was {words[random.Next(3)]}",
                    ["label"] = flipped ? 1 - (index % 2) : index % 2,
                    ["tenant"] = tenant,
                }.ToJsonString());
            }
        }

        File.WriteAllLines(In(name), rows);
        return In(name);
    }
}
