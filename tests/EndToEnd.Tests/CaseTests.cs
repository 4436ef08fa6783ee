using System.Text.Json;

namespace LoraOnnx.EndToEnd.Tests;

/// <summary>Small inputs after public reports of users, each with the right answer: tests/golden/cases/README.md says what was wrong.</summary>
public sealed class CaseTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Onnx => Path.Combine(_folder.Path, "onnx", "model.onnx");

    [Theory]
    [InlineData("_base", "zero3", "saved by DeepSpeed ZeRO-3 without gathering: empty tensors", "zero_to_fp32.py")]
    [InlineData("_base", "seqcls-nohead", "is a classification (SEQ_CLS), which asks for a head", "task_type")]
    [InlineData("_base", "lfs", "is a Git LFS pointer", "git lfs pull")]
    [InlineData("_base", "nan-head", "tensor 'base_model.model.classifier.weight': 32 of 32 numbers are not finite", "damaged")]
    [InlineData("nan-row", null, "tensor 'distilbert.embeddings.word_embeddings.weight': 1 of 1120 numbers are not finite", "damaged")]
    [InlineData("t-json-ptf-nopost", null, "'post_processor' is missing or null", "TemplateProcessing")]
    [InlineData("pp-cls-only", null, "'post_processor' has the template '[CLS] $A'", "TemplateProcessing")]
    [InlineData("fsdp", null, "is an adapter: it has adapter_config.json and no", "--adapter")]
    public void What_cannot_be_merged_has_its_true_cause_and_a_way_out(string model, string? adapter, string cause, string hint)
    {
        var result = Programs.Run("lora-merge", Arguments(model, adapter));

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(cause, result.Error, StringComparison.Ordinal);
        Assert.Contains(hint, result.Error[result.Error.IndexOf("hint:", StringComparison.Ordinal)..], StringComparison.Ordinal);
        Assert.DoesNotContain("bug", result.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Onnx));
    }

    [Theory]
    [InlineData("_base", "orig-mod-front", "wrapper prefixes as in '_orig_mod.base_model.")]
    [InlineData("_base", "fsdp", "wrapper prefixes as in 'base_model.model._fsdp_wrapped_module.")]
    [InlineData("l2i", null, "'id2label' says 0 = NEG, 1 = POS; 'label2id' says 1 = NEG, 0 = POS")]
    [InlineData("_body", "head3-on-body2", "the head is for 3 classes, that of the base for 2; they are named LABEL_0, LABEL_1, LABEL_2")]
    public void What_can_be_understood_is_merged_and_said_once(string model, string? adapter, string said)
    {
        var result = Programs.Succeed("lora-merge", Arguments(model, adapter));

        Assert.Contains("proven: ", result.Error, StringComparison.Ordinal);
        Assert.Equal(2, result.Error.Split(said).Length);
    }

    [Fact]
    public void Classes_that_steer_a_terminal_are_shown_escaped_on_one_line()
    {
        const string Name = "\\u001b[31mred\\u0007\\r\\nwarning: all is lost";
        var data = _folder.Write("steers.jsonl", string.Join('\n', Enumerable.Range(0, 12).Select(row =>
            $$"""{"text": "film {{row}}", "label": "{{(row % 2 == 0 ? Name : "blue")}}"}""")));
        var run = Path.Combine(_folder.Path, "run");

        CommandResult[] results =
        [
            Programs.Succeed("lora-train", "--model", Case("_body"), "--train", data, "--method", "head", "--epochs", "1", "--out", run),
            Programs.Succeed("lora-merge", "--run", run, "--out", Onnx),
            Programs.Succeed("lora-score", "--model", Onnx, "--in", data, "--out", Path.Combine(_folder.Path, "scored.jsonl")),
            Programs.Succeed("lora-compare", $"m={Onnx}", "--data", data),
        ];

        Assert.Contains("red", results[0].Error, StringComparison.Ordinal);
        Assert.Contains("red", results[2].Output, StringComparison.Ordinal);
        Assert.All(results, result => Assert.DoesNotContain(result.Output + result.Error, character => character is '\u001b' or '\a'));
        Assert.All(results, result => Assert.DoesNotContain("\nwarning: all is lost", result.Output + result.Error, StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_of_more_classes_than_its_base_answers_with_all_of_them()
    {
        Programs.Succeed("lora-merge", Arguments("_body", "head3-on-body2"));
        var data = _folder.Write("three.jsonl", """
            {"text": "film", "label": 0}
            {"text": "movie", "label": "LABEL_2"}
            """);

        var result = Programs.Succeed("lora-compare", $"m={Onnx}", "--data", data, "--json");

        Assert.Contains("LABEL_2", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_models_with_the_same_fault_are_warned_of_once_each()
    {
        var data = _folder.Write("two.jsonl", """
            {"text": "film", "label": 0}
            {"text": "movie", "label": 1}
            """);

        var result = Programs.Succeed("lora-compare", $"a={Case("l2i")}", $"b={Case("l2i")}", "--data", data);

        Assert.Equal(2, result.Error.Split("'label2id' says").Length); // one file, one line
    }

    [Theory]
    [InlineData("lora")]
    [InlineData("head")]
    public void A_run_of_one_step_learns(string method)
    {
        var run = Path.Combine(_folder.Path, "run");

        var result = Programs.Succeed("lora-train", "--model", Programs.DemoModel, "--train", Case("one-step", "train12.jsonl"),
            "--validation", Case("one-step", "va16.jsonl"), "--epochs", "1", "--method", method, "--out", run);

        Assert.Matches(@"step 1/1 .* rate [1-9]\.", result.Error);
    }

    [Fact]
    public void What_a_run_with_a_new_head_keeps_is_merged()
    {
        var run = Path.Combine(_folder.Path, "run");
        Programs.Succeed("lora-train", "--model", Case("kept-step1", "body3"), "--train", Case("kept-step1", "names3.jsonl"), "--validation", "6",
            "--epochs", "2", "--method", "lora+head", "--out", run);

        var result = Programs.Succeed("lora-merge", "--run", run, "--out", Onnx);

        Assert.Contains("proven: ", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_head_for_other_classes_than_config_json_makes_room_for_a_new_one_and_that_is_said()
    {
        var run = Path.Combine(_folder.Path, "run");

        var result = Programs.Succeed("lora-train", "--model", Case("full2as3"), "--train", Case("three-classes-headless", "three.jsonl"),
            "--epochs", "2", "--method", "lora+head", "--out", run);

        Assert.Contains("the new head is made from seed", result.Error, StringComparison.Ordinal);
        Assert.Contains("for 3 classes", result.Error, StringComparison.Ordinal);
        Programs.Succeed("lora-merge", "--run", run, "--out", Onnx);
    }

    [Theory]
    [InlineData("three.jsonl", "a new head for 3 classes")]
    [InlineData("names.jsonl", "a new head for 2 classes from the labels: neg, pos.")]
    public void Classes_of_a_base_without_a_head_come_from_the_texts(string texts, string said)
    {
        var run = Path.Combine(_folder.Path, "run");

        var result = Programs.Succeed("lora-train", "--model", Case("_body"), "--train", Case("three-classes-headless", texts), "--epochs", "2",
            "--out", run);

        Assert.Contains(said, result.Error, StringComparison.Ordinal);
        Programs.Succeed("lora-merge", "--run", run, "--out", Onnx);
    }

    [Theory]
    [InlineData("quotes/a.tsv", 1, 2)]
    [InlineData("quotes/c.tsv", 2, 2)]
    [InlineData("classlabel/flip.parquet", 2, 1)] // 0 = positive there: 1, 0, 1 are NEGATIVE, POSITIVE, NEGATIVE
    public void Rows_and_labels_are_those_that_the_file_means(string file, int negative, int positive)
    {
        var result = Programs.Succeed("lora-compare", $"m={Case("_base2")}", "--data", Case(file.Split('/')), "--json");

        var counts = JsonDocument.Parse(result.Output).RootElement.GetProperty("data").GetProperty("label_counts");
        Assert.Equal((negative, positive), (counts.GetProperty("NEGATIVE").GetInt32(), counts.GetProperty("POSITIVE").GetInt32()));
    }

    private string[] Arguments(string model, string? adapter) =>
        ["--model", Case(model), .. adapter is null ? Array.Empty<string>() : ["--adapter", Case(adapter)], "--out", Onnx];

    private static string Case(params string[] name) => Repository.Path(["tests", "golden", "cases", .. name]);
}
