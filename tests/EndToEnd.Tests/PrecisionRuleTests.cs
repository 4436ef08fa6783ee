using System.Text.Json;

namespace LoraOnnx.EndToEnd.Tests;

/// <summary>One rule for the precision of every program that runs ONNX files (lora-serve's is tried in its own tests).</summary>
public sealed class PrecisionRuleTests : IDisposable
{
    private const string Exact = "precision as in the file (fp32): auto is exact", Fast = "fast is precision ";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Score_and_compare_are_exact_unless_asked_and_take_the_same_form_when_fast()
    {
        var model = Path.Combine(_folder.Path, "onnx");
        Programs.Succeed("lora-merge", "--model", Programs.DemoModel, "--out", Path.Combine(model, "model.onnx"), "--precision", "int8");
        var data = Path.Combine(_folder.Path, "in.jsonl");
        File.WriteAllLines(data, File.ReadLines(Repository.Path("samples", "reviews", "test.jsonl")).Take(20));

        var (scored, exact) = Score(model, data, "auto");
        var (_, named) = Score(model, data, "fp32", "--precision", "fp32");
        var (note, _) = Score(model, data, "fast", "--precision", "fast");
        var compared = Programs.Succeed("lora-compare", model, "--data", data, "--json");
        var fast = Programs.Succeed("lora-compare", model, "--data", data, "--json", "--precision", "fast");

        Assert.Contains(Exact, scored, StringComparison.Ordinal);
        Assert.Equal(named, exact);
        Assert.Contains(Exact, compared.Error, StringComparison.Ordinal);
        Assert.Equal("fp32", Precision(compared.Output));
        Assert.Contains(Fast, note, StringComparison.Ordinal);
        Assert.Contains(Fast + Precision(fast.Output).Replace("fp32", "as in the file", StringComparison.Ordinal), fast.Error,
            StringComparison.Ordinal);
        Assert.Equal(After(note, Fast), After(fast.Error, Fast));
    }

    private (string Notes, string Rows) Score(string model, string data, string name, params string[] more)
    {
        var output = Path.Combine(_folder.Path, $"{name}.jsonl");
        var result = Programs.Succeed("lora-score", ["--model", model, "--in", data, "--out", output, .. more]);
        return (result.Error, File.ReadAllText(output));
    }

    /// <summary>The word behind a phrase.</summary>
    private static string After(string text, string phrase) => text[(text.IndexOf(phrase, StringComparison.Ordinal) + phrase.Length)..].Split(':')[0];

    private static string Precision(string json)
    {
        using var report = JsonDocument.Parse(json);
        var model = Assert.Single(report.RootElement.GetProperty("models").EnumerateObject()).Value;
        return model.GetProperty("source").GetProperty("precision").GetString()!;
    }
}
