using System.Text.Json;
using LoraOnnx.Evaluation.Tests.Support;

namespace LoraOnnx.Evaluation.Tests;

/// <summary>lora-compare as a user runs it.</summary>
public sealed class CompareCommandTests : IDisposable
{
    private readonly TinyModel _model = new();

    public void Dispose() => _model.Dispose();

    [Fact]
    public void The_demo_checkpoint_has_its_raw_F1()
    {
        var result = Compare("raw=models/demo", "--data", "samples/reviews/test.jsonl", "--json");

        Assert.True(result.ExitCode == 0, result.ToString());
        using var json = JsonDocument.Parse(result.Output);
        // 86.6 to a decimal, as the model's own evaluation gives.
        Assert.Equal(86.6, 100 * json.RootElement.GetProperty("models").GetProperty("raw").GetProperty("f1").GetDouble(), 0.05);
    }

    [Theory]
    [InlineData("--labels", "low,mid,high")]
    [InlineData("--label-map", "LABEL_0=low,LABEL_1=mid,LABEL_2=high")]
    public void Classes_without_names_are_called_as_the_user_says(params string[] options)
    {
        using var nameless = new TinyModel(new TinyModelOptions { Labels = ["LABEL_0", "LABEL_1", "LABEL_2"] });
        var data = Path.Combine(nameless.Folder, "data.csv");
        File.WriteAllText(data, "text,label\ngood,high\nbad,low\nfilm,mid\nplot,2\n");

        var result = Compare([nameless.Checkpoint, "--data", data, "--json", .. options]);

        Assert.True(result.ExitCode == 0, result.ToString());
        using var json = JsonDocument.Parse(result.Output);
        Assert.Equal(["low", "mid", "high"], json.RootElement.GetProperty("labels").EnumerateArray().Select(label => label.GetString()));
        Assert.Contains("\"high\": 2", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Predictions_are_in_the_order_of_the_data_with_nine_digits()
    {
        var predictions = Path.Combine(_model.Folder, "predictions.jsonl");

        var result = Compare($"raw={_model.Checkpoint}", $"same={_model.Checkpoint}", "--data", TinyTexts.Write(_model.Folder, 30), "--predictions",
            predictions);

        Assert.True(result.ExitCode == 0, result.ToString());
        var lines = File.ReadAllLines(predictions);
        Assert.Equal(60, lines.Length);
        Assert.Matches(
            """^\{"index":0,"model":"raw","tokens":\d+,"truncated":false,"logits":\[-?\d[^ ]*,-?\d[^ ]*\],"label":"(POSITIVE|NEGATIVE)"\}$""",
            lines[0]);
        Assert.StartsWith("""{"index":29,"model":"same",""", lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Redirected_output_is_a_plain_table_and_two_sentences()
    {
        var result = Compare(_model.Checkpoint, "--data", TinyTexts.Write(_model.Folder, 10));

        Assert.True(result.ExitCode == 0, result.ToString());
        var lines = result.Output.TrimEnd().Split('\n');
        Assert.StartsWith("model ", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("checkpoint ", lines[1], StringComparison.Ordinal);
        Assert.Matches(@"^checkpoint reaches F1 \d+\.\d\d % .*\. It reads .* texts a second here\.$", lines[^1]);
    }

    [Fact]
    public void A_requirement_that_does_not_hold_ends_with_1_and_shows_the_figures()
    {
        var data = TinyTexts.Write(_model.Folder, 40);

        var holds = Compare($"raw={_model.Checkpoint}", $"lora-r2={_model.Checkpoint}", "--data", data, "--markdown", "--require",
            "lora-r2.f1 >= raw.f1", "--require", "raw.accuracy*2 > 0");
        var fails = Compare($"raw={_model.Checkpoint}", $"lora-r2={_model.Checkpoint}", "--data", data, "--require", "lora-r2.f1 >= raw.f1 + 0.01");

        Assert.True(holds.ExitCode == 0, holds.ToString());
        Assert.Contains("| lora-r2 | ", holds.Output, StringComparison.Ordinal);
        Assert.Equal(1, fails.ExitCode);
        Assert.Matches(@"error: does not hold: lora-r2\.f1 >= raw\.f1 \+ 0\.01: 0\.\d+ against 0\.\d+ \(lora-r2\.f1 = 0\.\d+, raw\.f1 = 0\.\d+\)",
            fails.Error);
        Assert.Contains("\nlora-r2 ", fails.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_CSV_has_a_line_a_model_and_figure()
    {
        var csv = Path.Combine(_model.Folder, "figures.csv");

        var result = Compare($"raw={_model.Checkpoint}", $"same={_model.Checkpoint}", "--data", TinyTexts.Write(_model.Folder, 40), "--csv", csv);

        Assert.True(result.ExitCode == 0, result.ToString());
        var lines = File.ReadAllLines(csv);
        Assert.Equal("model,figure,value,low,high,difference,difference_low,difference_high", lines[0]);
        Assert.Equal(1 + (2 * Evaluation.Statistics.Figure.All.Count), lines.Length);
        Assert.Matches(@"^raw,f1,0\.\d+,0\.\d+,[01](\.\d+)?,,,$", lines[1]);
        Assert.Contains(lines, line => line.StartsWith("same,f1,0.", StringComparison.Ordinal) && line.EndsWith(",0,0,0", StringComparison.Ordinal));
    }

    [Fact]
    public void Predictions_as_CSV_are_text_and_numbers_to_a_spreadsheet()
    {
        using var model = new TinyModel(new TinyModelOptions { Labels = ["=1+1", "@fine"] });
        var (predictions, csv) = (Path.Combine(model.Folder, "predictions.csv"), Path.Combine(model.Folder, "figures.csv"));

        var result = Compare($"raw={model.Checkpoint}", "--data", TinyTexts.Write(model.Folder, 30), "--predictions", predictions, "--csv", csv,
            "--bom");

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal([0xEF, 0xBB, 0xBF], File.ReadAllBytes(predictions)[..3]);
        Assert.Equal([0xEF, 0xBB, 0xBF], File.ReadAllBytes(csv)[..3]);
        var lines = File.ReadAllLines(predictions);
        Assert.Equal("index,model,tokens,truncated,label,logit_=1+1,logit_@fine", lines[0]);
        Assert.All(lines[1..], line => Assert.Matches(@"^\d+,raw,\d+,false,'(=1\+1|@fine),-?\d[^,]*,-?\d[^,]*$", line));
    }

    [Fact]
    public void Texts_without_a_positive_one_are_warned_of_once()
    {
        var data = Path.Combine(_model.Folder, "negative.jsonl");
        File.WriteAllLines(data, Enumerable.Repeat("""{"text":"a bad film","label":0}""", 20));

        var result = Compare($"raw={_model.Checkpoint}", $"same={_model.Checkpoint}", "--data", data);

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Single(result.Error.Split('\n'),
            line => line.Contains("none of the 20 texts is labelled POSITIVE, so F1, precision and recall are undefined", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("texts.jsonl", """{"text":"hello"}""")]
    [InlineData("texts.csv", "text\nhello")]
    public void A_file_without_labels_is_sent_to_lora_score(string name, string content)
    {
        var data = Path.Combine(_model.Folder, name);
        File.WriteAllText(data, content + "\n");

        var result = Compare(_model.Checkpoint, "--data", data);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("hint:  a comparison needs labelled texts: name their column with --label-column; lora-score scores texts without labels.",
            result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("error: Unrecognized option '--dta'. Did you mean --data?", "models/demo", "--dta", "samples/reviews/test.jsonl")]
    [InlineData("error: --bom is for CSV files", "models/demo", "--data", "samples/reviews/test.jsonl", "--bom")]
    [InlineData("error: no/such/model: no such file or directory.", "no/such/model", "--data", "samples/reviews/test.jsonl")]
    [InlineData("error: README.md: is not an ONNX file", "README.md", "--data", "samples/reviews/test.jsonl")]
    [InlineData("error: no/such.jsonl: no such file", "models/demo", "--data", "no/such.jsonl")]
    [InlineData("error: samples/reviews/test.jsonl: has no column 'mood' to slice by.", "models/demo", "--data", "samples/reviews/test.jsonl",
        "--slice", "mood")]
    [InlineData("error: --sweep-scale, --threshold and --calibrate need --validation FILE.", "models/demo", "--data", "samples/reviews/test.jsonl",
        "--threshold")]
    [InlineData("error: --sweep-scale has 'x', expected numbers", "models/demo", "--data", "samples/reviews/test.jsonl", "--sweep-scale", "0,x")]
    [InlineData("error: --sweep-scale: none of the models is a run with an adapter.", "models/demo", "--data", "samples/reviews/test.jsonl",
        "--validation", "samples/reviews/validation.jsonl", "--sweep-scale", "0,1")]
    [InlineData("error: no-folder/report.html: its directory does not exist.", "models/demo", "--data", "samples/reviews/test.jsonl", "--out",
        "no-folder/report.html")]
    [InlineData("error: --require \"lora.f1 > 0.5\": there is no model 'lora'; there is demo.", "models/demo", "--data", "samples/reviews/test.jsonl",
        "--require", "lora.f1 > 0.5")]
    [InlineData("error: http://127.0.0.1:1/sentiment: no server answers: ", "http://127.0.0.1:1/sentiment", "--data", "samples/reviews/test.jsonl")]
    [InlineData("error: Unrecognized option '--colour'.", "models/demo", "--data", "samples/reviews/test.jsonl", "--colour")]
    public void What_is_wrong_is_said_in_a_line_or_two(string expected, params string[] arguments)
    {
        var result = Compare(arguments);

        Assert.Equal(1, result.ExitCode);
        Assert.Empty(result.Output);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.InRange(result.Error.Trim().Split('\n').Length, 1, 3);
    }

    private static CommandResult Compare(params string[] arguments) =>
        Command.Run(Repository.Path("bin", "lora-compare"), arguments, TimeSpan.FromMinutes(5));
}
