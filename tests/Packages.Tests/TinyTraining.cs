using System.Text.Json;

namespace LoraOnnx.Packages.Tests;

/// <summary>A tiny model and labelled texts that a program of any platform trains on, and what is compared between platforms.</summary>
internal sealed class TinyTraining(string folder)
{
    /// <summary>Seconds in which an emulated processor has answered on a machine that does much else.</summary>
    public const string Patience = "300";

    private readonly string[] _texts =
    [
        "the film was good good", "bad bad a plot", "slow and slow story", "a good scene good", "it was bad bad", "in the slow slow film",
        "good good", "bad film bad", "the plot slow slow", "story good and good", "the scene was bad bad", "slow a slow",
    ];

    /// <summary>The model.</summary>
    public static string Model => Path.Combine("tests", "golden", "families", "distilbert-3", "model");

    /// <summary>The texts, one a line.</summary>
    public string Lines => string.Join('\n', _texts) + "\n";

    /// <summary>The file of labelled texts.</summary>
    public string Data => Path.Combine(folder, "texts.jsonl");

    /// <summary>What lora-train is called with: adapters and head, a few steps on one thread.</summary>
    public string[] Arguments(string run)
    {
        string[] labels = ["positive", "negative", "neutral"];
        File.WriteAllLines(Data, _texts.Select((text, place) => JsonSerializer.Serialize(new { text, label = labels[place % 3] })));
        return ["--model", Model, "--train", Data, "--validation", Data, "--out", run, "--method", "lora+head", "--rank", "4", "--epochs", "4",
            "--batch-size", "4", "--lr", "0.01", "--max-length", "32", "--threads", "1"];
    }

    /// <summary>The losses of a run's steps.</summary>
    public static double[] Losses(string run) => [.. File.ReadLines(Path.Combine(run, "metrics.jsonl"))
        .Select(line => JsonDocument.Parse(line).RootElement)
        .Where(line => line.TryGetProperty("loss", out _))
        .Select(line => line.GetProperty("loss").GetDouble())];

    /// <summary>All logits of answers, a JSON object a line.</summary>
    public static double[] Logits(IEnumerable<string> lines) => [.. lines.Where(line => line.Length > 0)
        .SelectMany(line => JsonDocument.Parse(line).RootElement.GetProperty("logits").EnumerateArray())
        .Select(logit => logit.GetDouble())];

    /// <summary>The logits that a server has for the texts, asked by this system's program.</summary>
    public double[] AskedLogits(string address)
    {
        var answers = Command.Run(ServerProcess.Program,
            ["predict", "--address", address, "--timeout", Patience, "--logits", "--json", "-"], input: Lines);
        Assert.True(answers.ExitCode == 0, answers.ToString());
        return Logits(answers.Output.Split('\n'));
    }

    /// <summary>The logits that lora-compare, run as a platform runs it, has for two models, in the texts' order.</summary>
    public double[] Compare(Func<string[], CommandResult> compare, string first, string second)
    {
        var predictions = Path.Combine(folder, "predictions.jsonl");
        compare([$"first={first}", $"second={second}", "--data", Data, "--predictions", predictions]);
        return Logits(File.ReadAllLines(predictions).OrderBy(line => line.Contains("\"model\":\"second\"", StringComparison.Ordinal)));
    }

    /// <summary>Fails where numbers of two platforms lie further apart than <paramref name="tolerance"/>.</summary>
    public static void AssertClose(double[] expected, double[] actual, double tolerance)
    {
        Assert.NotEmpty(expected);
        Assert.Equal(expected.Length, actual.Length);
        var largest = expected.Zip(actual, (first, second) => Math.Abs(first - second)).Max();
        Assert.True(largest <= tolerance, $"the largest difference is {largest:E2}, expected at most {tolerance:E0}.");
    }
}
