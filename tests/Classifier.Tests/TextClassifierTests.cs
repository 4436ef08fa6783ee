using LoraOnnx.Inference;
using LoraOnnx.Model;
using LoraOnnx.Model.Metrics;
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
}
