using LoraOnnx.Client;
using LoraOnnx.Model.Metrics;
using LoraOnnx.Serving.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace LoraOnnx.Serving.Tests.Protocols;

public sealed class TextClassifierClientTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_answers_as_a_classifier_of_ones_own_process_would()
    {
        var engine = new TestEngine();
        await using var server = await TestServer.StartAsync(engine);
        await using var services = new ServiceCollection().AddSentimentClient(server.GrpcAddress).BuildServiceProvider();
        var classifier = services.GetRequiredService<ITextClassifier>();
        string[] texts = [.. Enumerable.Range(0, 300).Select(index => $"film {index}")];

        var one = await classifier.ClassifyAsync(texts[7], Cancel);
        var all = await classifier.ClassifyAsync(texts, Cancel);

        Assert.Equal(texts.Length, all.Count);
        Assert.Equal(one.Scores, all[7].Scores);
        for (var i = 0; i < texts.Length; i++)
        {
            var expected = Probabilities.Of(engine.LogitsFor(texts[i]), engine.Config.Task.ProblemType);
            Assert.Equal(expected.Select(score => (double)(float)score), all[i].Scores.Select(score => score.Score));
            Assert.Equal(all[i].Scores.MaxBy(score => score.Score), new LabelScore(all[i].Label, all[i].Score));
        }
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_said_in_one_line()
    {
        using var client = new SentimentClient("127.0.0.1:1");
        var classifier = new TextClassifierClient(client, PredictOptions.Default);

        var failure = await Assert.ThrowsAsync<TextClassificationException>(async () => await classifier.ClassifyAsync("a film", Cancel));

        Assert.StartsWith("127.0.0.1:1: ", failure.Message, StringComparison.Ordinal);
    }
}
