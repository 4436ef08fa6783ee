using LoraOnnx.Inference;
using LoraOnnx.Model;
using LoraOnnx.Model.Metrics;
using Microsoft.Extensions.Logging;
using Engine = LoraOnnx.Inference.TextClassifier;

namespace LoraOnnx.Classifier.Tests;

public sealed class TextClassifierTests : IDisposable
{
    private static readonly TextClassifierOptions _options = new() { Device = "cpu", Precision = "fp32", BatchTokens = 200 };

    private readonly ClassifierFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Answers_are_those_of_the_engine_alone_and_many_at_once()
    {
        using var engine = Engine.Load(_folder.Path, new InferenceOptions { Device = ComputeDevice.Cpu });
        using var classifier = TextClassifier.Load(_folder.Path, _options);
        string[] texts = [.. Enumerable.Range(0, 200).Select(index => ClassifierFolder.Texts[index % ClassifierFolder.Texts.Count])];

        var answers = await classifier.ClassifyAsync(texts, TestContext.Current.CancellationToken);
        var single = await Task.WhenAll(texts.Select(text => classifier.ClassifyAsync(text, TestContext.Current.CancellationToken).AsTask()));

        for (var i = 0; i < texts.Length; i++)
        {
            var encoded = engine.Encode(texts[i]);
            var scores = Probabilities.Of(engine.Run([encoded], TestContext.Current.CancellationToken)[0], ProblemType.SingleLabel);
            Assert.Equal(scores, answers[i].Scores.Select(score => score.Score));
            Assert.Equal(scores, single[i].Scores.Select(score => score.Score));
            Assert.Equal(classifier.Labels[scores[1] > scores[0] ? 1 : 0], answers[i].Label);
            Assert.Equal(scores.Max(), answers[i].Score);
            Assert.Equal((encoded.Ids.Length, encoded.Truncated), (answers[i].Tokens, answers[i].IsTruncated));
        }

        Assert.Contains(answers, answer => answer.IsTruncated);
    }

    [Fact]
    public void The_logger_hears_in_which_precision_a_model_runs()
    {
        var logger = new RecordingLogger();

        TextClassifier.Load(_folder.Path, new TextClassifierOptions { Device = "cpu" }, logger).Dispose();

        Assert.Contains(logger.Lines, line => line.StartsWith("Information ", StringComparison.Ordinal)
            && line.Contains("precision as in the file (fp32): auto is exact", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("gpu", "auto", "device is 'gpu', expected auto, cpu or cuda.")]
    [InlineData("cpu", "int4", "precision is 'int4', expected auto, fast, fp32, fp16, int8, int8-dynamic, bf16.")]
    public void Names_that_mean_nothing_are_refused_before_a_file_is_read(string device, string precision, string expected)
    {
        var options = new TextClassifierOptions { Device = device, Precision = precision };

        Assert.StartsWith(expected, Assert.Throws<InputException>(() => TextClassifier.Load("nowhere", options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_threshold_beside_the_model_decides()
    {
        using (var plain = TextClassifier.Load(_folder.Path, _options))
        {
            var score = (await plain.ClassifyAsync(ClassifierFolder.Texts[0], TestContext.Current.CancellationToken)).Scores[1].Score;
            (new Calibration { Threshold = score }).Save(_folder.Path);
        }

        using var at = TextClassifier.Load(_folder.Path, _options);
        Assert.Equal("POSITIVE", (await at.ClassifyAsync(ClassifierFolder.Texts[0], TestContext.Current.CancellationToken)).Label);

        (new Calibration { Threshold = 1 }).Save(_folder.Path);
        using var above = TextClassifier.Load(_folder.Path, _options);
        Assert.Equal("NEGATIVE", (await above.ClassifyAsync(ClassifierFolder.Texts[0], TestContext.Current.CancellationToken)).Label);
    }

    [Fact]
    public async Task Several_labels_a_text_are_those_at_or_above_the_threshold()
    {
        using var folder = new ClassifierFolder(
            new TinyModelOptions { Labels = ["joy", "fear", "calm"], ProblemType = "multi_label_classification" });
        using var classifier = TextClassifier.Load(folder.Path, _options);

        var answers = await classifier.ClassifyAsync(ClassifierFolder.Texts, TestContext.Current.CancellationToken);

        Assert.All(answers, answer =>
        {
            Assert.Equal(answer.Scores.Where(score => score.Score >= 0.5).Select(score => score.Label), answer.Labels);
            Assert.Equal(answer.Scores.MaxBy(score => score.Score), new LabelScore(answer.Label, answer.Score));
        });
    }

    [Fact]
    public async Task What_is_asked_before_the_end_is_answered_and_later_calls_are_refused()
    {
        var classifier = TextClassifier.Load(_folder.Path, _options);
        var asked = Enumerable.Range(0, 50).Select(_ => classifier.ClassifyAsync("the film", TestContext.Current.CancellationToken).AsTask())
            .ToList();

        classifier.Dispose();
        classifier.Dispose();

        Assert.Single((await Task.WhenAll(asked)).Distinct(EqualityComparer<TextClassification>.Create((a, b) => a!.Score == b!.Score, _ => 0)));
        await Assert.ThrowsAsync<ObjectDisposedException>(
            async () => await classifier.ClassifyAsync("the film", TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_missing_model_is_named_with_what_to_do()
    {
        var failure = Assert.Throws<InputException>(() => TextClassifier.Load(Path.Combine(_folder.Path, "none")));
        Assert.Contains("none", failure.Message, StringComparison.Ordinal);
    }

    private sealed class RecordingLogger : ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add($"{logLevel} {formatter(state, exception)}");
    }
}
