using LoraOnnx.Evaluation.Explanations;
using LoraOnnx.Evaluation.Reports;
using LoraOnnx.Evaluation.Tests.Support;
using LoraOnnx.Inference.Explanations;
using LoraOnnx.Model;

namespace LoraOnnx.Evaluation.Tests.Explanations;

/// <summary>What the words of texts that flipped add, through the whole of a comparison.</summary>
public sealed class ExplanationPassTests : IDisposable
{
    private readonly TinyModel _raw = new();
    private readonly TinyModel _other = new(new TinyModelOptions { Seed = 8 });

    public void Dispose()
    {
        _raw.Dispose();
        _other.Dispose();
    }

    [Fact]
    public async Task Words_of_the_first_texts_of_each_list_add_up_to_what_each_models_logit_changes()
    {
        var report = await CompareAsync(explain: 3, $"raw={_raw.Checkpoint}", $"lora={_raw.Run("lora")}", $"file={_other.Onnx("file")}");

        foreach (var model in report.Models.Skip(1))
        {
            var lists = new[] { model.Texts.Gained, model.Texts.Lost };
            Assert.All(lists, list => Assert.True(list.Count > 3, "nothing would be left out"));
            Assert.All(lists.SelectMany(list => list.Take(3)), text =>
            {
                var explained = text.Answers.Where(answer => answer.Explanation is not null).ToList();
                Assert.Equal(2, explained.Count); // the first model's, and this one's
                Assert.NotEqual(explained[0].Explanation!.Label, explained[1].Explanation!.Label);
                Assert.All(explained, answer => AssertAddsUp(answer.Explanation!, answer.Label));
            });
            Assert.All(lists.SelectMany(list => list.Skip(3)).SelectMany(text => text.Answers), answer => Assert.Null(answer.Explanation));
        }
    }

    [Fact]
    public async Task An_adapter_is_explained_by_its_merged_weights_at_the_scale_that_is_compared()
    {
        var run = _raw.Run("lora");
        var options = Options(1, $"raw={_raw.Checkpoint}", $"lora={run}") with
        {
            SweepScales = [0.5],
            Validation = TinyTexts.Write(_raw.Folder, 20, seed: 2),
        };
        var (report, scores) = await TinyModels.CompareAsync(options);

        var text = report.Models[1].Texts.Gained[0];
        var explained = text.Answers[1].Explanation!;

        var logits = scores.Models[1].Logits[text.Index];
        Assert.Equal(logits[report.Labels.ToList().IndexOf(explained.Label)], explained.Logit, 1e-4);
    }

    [Fact]
    public async Task Two_texts_of_each_list_are_explained_at_a_bounded_cost_where_nobody_says_how_many()
    {
        var report = await CompareAsync(explain: null, $"raw={_raw.Checkpoint}", $"other={_other.Checkpoint}");

        var explained = report.Models[1].Texts.Gained.Concat(report.Models[1].Texts.Lost)
            .Select(text => text.Answers.Count(answer => answer.Explanation is not null)).ToList();
        Assert.Equal(2 * 2, explained.Count(answers => answers == 2));
        Assert.Equal(explained.Count - 4, explained.Count(answers => answers == 0));
        Assert.InRange(report.Models.SelectMany(model => model.Texts.Gained.Concat(model.Texts.Lost)).SelectMany(text => text.Answers)
            .Sum(answer => answer.Explanation?.Cost ?? 0), 1, 100_000); // scoring 300 texts cost less than twice that
    }

    [Fact]
    public void What_it_may_cost_bounds_the_rounds_but_for_the_first()
    {
        using var explainer = new AnswerExplainer(
            () => TextExplainer.FromWeights(LoraOnnx.Model.Checkpoints.Checkpoint.Open(Golden.DemoModel).LoadWeights(),
                LoraOnnx.Model.Tokenization.TextTokenizer.Load(Golden.DemoModel),
                new Inference.InferenceOptions { Device = ComputeDevice.Cpu, Threads = 1 }),
            256, LoraOnnx.Model.Tokenization.Truncation.Head);
        const string Bent = "Brilliant from start to finish. Tight script, tense music, and a twist I did not see coming.";

        var rough = explainer.Explain(Bent, 1, "POSITIVE", 1, TestContext.Current.CancellationToken);
        var better = explainer.Explain(Bent, 1, "POSITIVE", (long)(2.5 * rough.Cost * 1.9), TestContext.Current.CancellationToken);
        var best = explainer.Explain(Bent, 1, "POSITIVE", long.MaxValue, TestContext.Current.CancellationToken);

        Assert.Equal(TextExplainer.FewestSteps, rough.Steps);
        Assert.NotNull(rough.Warning);
        Assert.True(better.Steps > rough.Steps && better.Cost > rough.Cost);
        Assert.Null(best.Warning);
    }

    [Fact]
    public async Task A_model_without_a_gradient_says_so_in_a_line_and_the_others_are_explained()
    {
        var directory = _other.Onnx("foreign");
        AsAnotherToolNames(Path.Combine(directory, "model.onnx"));

        var report = await CompareAsync(explain: 1, $"raw={_raw.Checkpoint}", $"foreign={directory}");

        Assert.Contains("has no gradient", report.Models[1].ExplanationRefusal, StringComparison.Ordinal);
        Assert.Contains("lora-merge", report.Models[1].ExplanationRefusal, StringComparison.Ordinal); // what to do
        Assert.Equal(report.Models[1].ExplanationRefusal, (string?)JsonReport.Of(report)["models"]!["foreign"]!["explanation_refusal"]);
        Assert.Null(report.Models[0].ExplanationRefusal);
        var text = report.Models[1].Texts.Gained[0];
        Assert.NotNull(text.Answers[0].Explanation);
        Assert.Null(text.Answers[1].Explanation);
    }

    [Fact]
    public async Task Zero_explains_nothing_and_a_report_that_nobody_sees_is_not_explained()
    {
        var none = await CompareAsync(explain: 0, $"raw={_raw.Checkpoint}", $"other={_other.Checkpoint}");
        var (unseen, _) = await TinyModels.CompareAsync(
            Options(null, $"raw={_raw.Checkpoint}", $"other={_other.Checkpoint}") with { Json = false });

        Assert.DoesNotContain("\"explanation\"", JsonReport.Text(JsonReport.Of(none)), StringComparison.Ordinal);
        Assert.DoesNotContain("\"explanation\"", JsonReport.Text(JsonReport.Of(unseen)), StringComparison.Ordinal);
    }

    /// <summary>A tensor has another name than the checkpoint's.</summary>
    private static void AsAnotherToolNames(string file)
    {
        var content = File.ReadAllBytes(file);
        var name = "classifier.bias"u8;
        for (var from = 0; content.AsSpan(from).IndexOf(name) is >= 0 and var at; from += at + name.Length)
        {
            content[from + at] = (byte)'C';
        }

        File.WriteAllBytes(file, content);
    }

    private static void AssertAddsUp(ExplainedAnswer explained, string answer)
    {
        Assert.Equal(answer, explained.Label);
        Assert.NotEmpty(explained.Words);
        Assert.True(explained.Warning is null, explained.Warning);
        // what [CLS] and [SEP] add is no word's
        Assert.InRange(Math.Abs(explained.Words.Sum(word => word.Value) - (explained.Logit - explained.BaselineLogit)), 0,
            explained.Gap + (0.2 * Math.Abs(explained.Logit - explained.BaselineLogit)) + 0.02);
    }

    private async Task<ComparisonReport> CompareAsync(int? explain, params string[] models) =>
        (await TinyModels.CompareAsync(Options(explain, models))).Report;

    private CompareOptions Options(int? explain, params string[] models) => new()
    {
        Models = TinyModels.Arguments(models),
        Data = TinyTexts.Write(_raw.Folder, 300),
        Explain = explain,
        Json = true,
        Resamples = 200,
    };
}
