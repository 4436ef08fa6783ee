using System.Text.Json;

namespace LoraOnnx.Evaluation.Tests;

/// <summary>lora-compare as a user runs it, on the demo model and part of the sample reviews.</summary>
public sealed class CompareCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("lora-compare");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Two_models_give_figures_predictions_and_a_difference()
    {
        var predictions = Path.Combine(_folder.FullName, "predictions.jsonl");

        var result = Compare("raw=models/demo", "same=models/demo", "--data", Reviews(40), "--json", "--predictions", predictions);

        Assert.True(result.ExitCode == 0, result.ToString());
        using var json = JsonDocument.Parse(result.Output);
        var raw = json.RootElement.GetProperty("models").GetProperty("raw");
        Assert.InRange(raw.GetProperty("f1").GetDouble(), 0.5, 1);
        var same = json.RootElement.GetProperty("models").GetProperty("same");
        Assert.Equal(raw.GetProperty("f1").GetDouble(), same.GetProperty("f1").GetDouble());
        Assert.Equal(0, same.GetProperty("difference").GetProperty("f1").GetProperty("value").GetDouble());
        Assert.Equal(1, same.GetProperty("mcnemar").GetProperty("p_value").GetDouble());
        var lines = File.ReadAllLines(predictions);
        Assert.Equal(80, lines.Length);
        Assert.Matches("""^\{"index":0,"model":"raw","tokens":\d+,"truncated":false,"logits":\[-?\d[^ ]*,-?\d[^ ]*\],"label":"(POSITIVE|NEGATIVE)"\}$""", lines[0]);
        Assert.StartsWith("""{"index":39,"model":"same",""", lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Redirected_output_is_a_plain_table()
    {
        var result = Compare("models/demo", "--data", Reviews(10));

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.StartsWith("model  accuracy", result.Output, StringComparison.Ordinal);
        Assert.Contains("\ndemo ", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Predictions_do_not_depend_on_the_number_of_threads()
    {
        // 2,000 short texts, as many windows, batches and races as a large file has.
        var sentences = Sentences(2000);
        var (one, two) = (Path.Combine(_folder.FullName, "one.jsonl"), Path.Combine(_folder.FullName, "two.jsonl"));

        var first = Compare("models/demo", "--data", sentences, "--threads", "1", "--predictions", one, "--json", "--resamples", "1000");
        var second = Compare("models/demo", "--data", sentences, "--threads", "2", "--predictions", two, "--json", "--resamples", "1000");

        Assert.True(first.ExitCode == 0 && second.ExitCode == 0, first.ToString() + second);
        Assert.Equal(File.ReadAllBytes(one), File.ReadAllBytes(two));
        Assert.Equal(Figures(first.Output), Figures(second.Output));
    }

    [Theory]
    [InlineData("error: no/such/model: no such file or directory.", "no/such/model", "--data", "samples/reviews/test.jsonl")]
    [InlineData("error: no/such.jsonl: no such file.", "models/demo", "--data", "no/such.jsonl")]
    [InlineData("error: no-folder/report.html: its directory does not exist.", "models/demo", "--data", "samples/reviews/test.jsonl", "--out", "no-folder/report.html")]
    [InlineData("error: Unrecognized option '--colour'.", "models/demo", "--data", "samples/reviews/test.jsonl", "--colour")]
    public void What_is_wrong_is_said_in_a_line_or_two(string expected, params string[] arguments)
    {
        var result = Compare(arguments);

        Assert.Equal(1, result.ExitCode);
        Assert.Empty(result.Output);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.InRange(result.Error.Trim().Split('\n').Length, 1, 3);
    }

    private static CommandResult Compare(params string[] arguments) => Command.Run(Repository.Path("bin", "lora-compare"), arguments);

    /// <summary>The figures, without the speeds, which differ from run to run.</summary>
    private static string Figures(string output)
    {
        using var json = JsonDocument.Parse(output);
        return string.Join('\n', json.RootElement.GetProperty("models").GetProperty("demo").EnumerateObject()
            .Where(property => property.Name is not ("texts_per_second" or "tokens_per_second")).Select(property => $"{property.Name} {property.Value.GetRawText()}"));
    }

    private string Reviews(int count)
    {
        var path = Path.Combine(_folder.FullName, "reviews.jsonl");
        File.WriteAllLines(path, File.ReadLines(Repository.Path("samples", "reviews", "test.jsonl")).Take(count));
        return path;
    }

    private string Sentences(int count)
    {
        string[] subjects = ["The plot", "Her voice", "This film", "The ending", "Every scene"];
        string[] verdicts = ["is wonderful", "is a bore", "works", "falls flat", "moved me", "wastes two hours", "is fine, I suppose"];
        var path = Path.Combine(_folder.FullName, "sentences.jsonl");
        File.WriteAllLines(path, Enumerable.Range(0, count).Select(index =>
            JsonSerializer.Serialize(new { text = $"{subjects[index % 5]} {string.Concat(Enumerable.Repeat("really ", index % 4))}{verdicts[index % 7]}.", label = index % 2 })));
        return path;
    }
}
