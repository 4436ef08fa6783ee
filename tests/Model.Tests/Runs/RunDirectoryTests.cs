using System.Text.Json;
using LoraOnnx.Model.Runs;

namespace LoraOnnx.Model.Tests.Runs;

public sealed class RunDirectoryTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("run-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_record_is_read_back_as_it_was_written()
    {
        var record = Record() with
        {
            Rank = 16,
            Alpha = 32,
            Best = new RunMetrics
            {
                Step = 40,
                Epoch = 1.5,
                Loss = 0.25,
                F1 = 0.9,
                Accuracy = 0.91,
                MacroF1 = 0.905,
                Precision = 0.89,
                Recall = 0.92,
            },
            Data = [new RunData { Role = "train", Source = "a.jsonl", Hash = "ab", Texts = 3, Tokens = 40, CutTexts = 1,
                Classes = new Dictionary<string, int> { ["POSITIVE"] = 2 } }],
            Options = JsonSerializer.SerializeToElement(new { rank = 16 }),
        };

        RunDirectory.WriteRecord(_directory, record);

        var read = RunDirectory.Open(_directory).Record;
        Assert.Equal(RunDirectory.ToJson(record), RunDirectory.ToJson(read));
        Assert.Equal(record.Best, read.Best);
    }

    [Fact]
    public void Keys_of_run_json_are_snake_case()
    {
        RunDirectory.WriteRecord(_directory, Record());

        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(_directory, "run.json")));
        Assert.Equal("abc", json.RootElement.GetProperty("model_hash").GetString());
        Assert.False(json.RootElement.GetProperty("finished").GetBoolean());
    }

    [Fact]
    public void A_class_that_comes_twice_is_named()
    {
        RunDirectory.WriteRecord(_directory, Record() with { Labels = ["good", "bad", "good"] });
        var ofBase = new ClassificationTask(["a", "b"], ProblemType.SingleLabel);

        var error = Assert.Throws<InputException>(() => RunDirectory.Open(_directory).TaskOn(ofBase));

        Assert.Contains("run.json: 'labels' has 'good' 2 times, expected distinct names.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Adapter_and_head_are_null_until_their_folders_exist()
    {
        RunDirectory.WriteRecord(_directory, Record());
        var run = RunDirectory.Open(_directory);
        Assert.Null(run.AdapterDirectory);
        Assert.Null(run.HeadDirectory);

        Directory.CreateDirectory(Path.Combine(_directory, "adapter"));

        Assert.Equal(Path.Combine(_directory, "adapter"), run.AdapterDirectory);
    }

    [Theory]
    [InlineData("{}", "ToolVersion")]
    [InlineData("{\"tool_version\": 3}", "run.json")]
    [InlineData("[]", "expected a JSON object")]
    [InlineData("{", "not valid JSON")]
    public void A_malformed_record_is_an_error_that_names_the_file(string content, string expected)
    {
        File.WriteAllText(Path.Combine(_directory, "run.json"), content);

        var error = Assert.Throws<InputException>(() => RunDirectory.Open(_directory));

        Assert.Contains("run.json", error.Message);
        Assert.Contains(expected.ToUpperInvariant(), error.Message.Replace("_", "", StringComparison.Ordinal).ToUpperInvariant());
    }

    [Fact]
    public void A_directory_without_a_record_is_not_a_run()
    {
        Assert.False(RunDirectory.IsRun(_directory));
        Assert.Contains("no such file", Assert.Throws<InputException>(() => RunDirectory.Open(_directory)).Message);
        Assert.Contains("no such directory", Assert.Throws<InputException>(() => RunDirectory.Open(_directory + "-absent")).Message);
    }

    [Fact]
    public void Reference_logits_come_back_bit_by_bit()
    {
        float[][] logits = [[1.1f, -3.4028235e38f], [0.333333343f, float.Epsilon]];

        ReferenceLogits.Write(_directory, ["a", "b \ud800"], logits);

        Assert.Equal(logits, ReferenceLogits.Read(_directory, ["a", "b \ud800"]));
    }

    [Fact]
    public void Reference_logits_of_other_texts_or_of_no_file_are_absent()
    {
        Assert.Null(ReferenceLogits.Read(_directory, ["a"]));

        ReferenceLogits.Write(_directory, ["ab", "c"], [[1], [2]]);

        Assert.Null(ReferenceLogits.Read(_directory, ["a", "bc"]));
    }

    [Fact]
    public void Malformed_reference_logits_are_an_error()
    {
        ReferenceLogits.Write(_directory, ["a", "b"], [[1], [2]]);
        var path = Path.Combine(_directory, ReferenceLogits.FileName);
        File.WriteAllText(path, File.ReadAllText(path).Replace("[1],", "", StringComparison.Ordinal));

        Assert.Contains("1 rows, expected 2", Assert.Throws<InputException>(() => ReferenceLogits.Read(_directory, ["a", "b"])).Message);
    }

    private static RunRecord Record() => new()
    {
        ToolVersion = "0.1.0",
        Method = "lora",
        Model = "/models/demo",
        ModelDirectory = "/models/demo",
        ModelHash = "abc",
        MaxLength = 512,
        Precision = "fp32",
        Device = "cpu",
        TrainedParameters = 10,
        TrainingSeconds = 1.5,
        TrainedTokens = 100,
        Finished = false,
    };
}
