using System.Text.Json;

namespace LoraOnnx.EndToEnd.Tests;

/// <summary>Train, merge, compare, serve: what one program writes is what the next one reads.</summary>
public sealed class MainJobTests(Workshop workshop) : IClassFixture<Workshop>
{
    [Theory]
    [InlineData("head")]
    [InlineData("lora")]
    public void Compare_measures_the_F1_that_training_reported(string name)
    {
        var reported = workshop.RunRecord(name).GetProperty("test").GetProperty("f1").GetDouble();

        Assert.Equal(reported, Figure(name, "f1"), 1e-12);
    }

    [Fact]
    public void A_run_its_merged_checkpoint_and_its_ONNX_file_score_alike()
    {
        Assert.Equal(Figure("lora", "f1"), Figure("run", "f1"));
        Assert.Equal(Figure("lora", "f1"), Figure("checkpoint", "f1"));
        AssertLogitsEqual(LogitsOf("lora"), LogitsOf("run"), tolerance: 1e-5);
        AssertLogitsEqual(LogitsOf("lora"), LogitsOf("checkpoint"), tolerance: 1e-5);
    }

    [Fact]
    public void Training_changed_the_model() =>
        Assert.NotEqual(LogitsOf("raw").SelectMany(logits => logits), LogitsOf("lora").SelectMany(logits => logits));

    [Fact]
    public void The_cost_of_training_is_in_the_report()
    {
        Assert.Equal(workshop.RunRecord("lora").GetProperty("trained_parameters").GetInt64(), Figure("lora", "trained_parameters"));
        Assert.Equal(6 * 3 * 4 * 2 * 384, Figure("lora", "trained_parameters")); // layers x projections x rank x two sides x width
        Assert.Equal((384 * 384) + 384 + (384 * 2) + 2, Figure("head", "trained_parameters")); // pre_classifier and classifier
    }

    [Fact]
    public async Task The_server_answers_with_the_logits_that_compare_wrote()
    {
        string[] texts =
            [.. File.ReadLines(Workshop.Data).Take(20).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("text").GetString()!)];
        using var server = await ServerProcess.StartAsync("--model", $"raw={workshop.Onnx("raw")}", "--model", $"lora={workshop.Onnx("lora")}");

        var answers =
            Command.Run(ServerProcess.Program, ["predict", "--address", server.GrpcAddress, "--model", "lora", "--logits", "--json", "-"],
                input: string.Join('\n', texts) + "\n");

        Assert.True(answers.ExitCode == 0, answers.ToString());
        var served = answers.Output.TrimEnd().Split('\n').Select(line => Logits(JsonDocument.Parse(line).RootElement)).ToArray();
        AssertLogitsEqual(LogitsOf("lora")[..20], served, tolerance: 5e-6);
    }

    [Fact]
    public async Task The_raw_model_gives_transformers_logits_over_gRPC()
    {
        using var golden = JsonDocument.Parse(File.ReadAllText(Golden.Path("logits.json")));
        var cases = golden.RootElement.GetProperty("cases").EnumerateArray()
            .Where(one => !one.GetProperty("text").GetString()!.Contains('\n', StringComparison.Ordinal)).ToArray();
        using var server = await ServerProcess.StartAsync("--model", workshop.Onnx("raw"));

        var answers = Command.Run(ServerProcess.Program, ["predict", "--address", server.GrpcAddress, "--logits", "--json", "-"],
            input: string.Concat(cases.Select(one => one.GetProperty("text").GetString() + "\n")));

        Assert.True(answers.ExitCode == 0, answers.ToString());
        AssertLogitsEqual([.. cases.Select(Logits)],
            [.. answers.Output.TrimEnd().Split('\n').Select(line => Logits(JsonDocument.Parse(line).RootElement))], tolerance: 1e-5);
    }

    private double Figure(string model, string name) => workshop.Report.GetProperty("models").GetProperty(model).GetProperty(name).GetDouble();

    private double[][] LogitsOf(string model) => [.. File.ReadLines(workshop.Predictions)
        .Select(line => JsonDocument.Parse(line).RootElement)
        .Where(line => line.GetProperty("model").GetString() == model)
        .Select(Logits)];

    private static double[] Logits(JsonElement line) => [.. line.GetProperty("logits").EnumerateArray().Select(logit => logit.GetDouble())];

    private static void AssertLogitsEqual(double[][] expected, double[][] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        var largest = expected.Zip(actual).SelectMany(pair => pair.First.Zip(pair.Second, (first, second) => Math.Abs(first - second))).Max();
        Assert.True(largest <= tolerance, $"the largest difference of a logit is {largest:E2}, expected at most {tolerance:E0}.");
    }
}
