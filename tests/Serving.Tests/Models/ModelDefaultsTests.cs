using LoraOnnx.Client;
using LoraOnnx.Model.Metrics;
using LoraOnnx.Serving.Tests.Support;
using Truncation = LoraOnnx.Model.Tokenization.Truncation;

namespace LoraOnnx.Serving.Tests.Models;

/// <summary>What a model's own files say about how it is to be asked.</summary>
public sealed class ModelDefaultsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("lora-serve-model-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("")]
    [InlineData("model.onnx")]
    public async Task Calibration_beside_the_ONNX_file_is_applied_whether_the_file_or_its_directory_is_named(string file)
    {
        var engine = new TestEngine();
        await File.WriteAllTextAsync(Path.Combine(_directory, "model.onnx"), "", Cancel);
        var calibration = new Calibration { Temperature = 2, Threshold = 0 };
        calibration.Save(_directory);
        await using var server = await TestServer.StartAsync(engine, TestServer.Options with { Models = [$"m={Path.Combine(_directory, file)}"] });
        using var client = new SentimentClient(server.GrpcAddress);

        var answer = await client.PredictAsync("a good film", PredictOptions.Default, Cancel);
        var model = Assert.Single(await client.ListModelsAsync(Cancel));

        var expected = calibration.Scores(engine.LogitsFor("a good film"), engine.Config.Task.ProblemType);
        Assert.Equal(expected.Select(score => (float)score), answer.Scores.Select(score => score.Score));
        Assert.Equal("POSITIVE", answer.Label); // every score is at least 0
        Assert.Equal((2.0, 0.0), (model.Temperature, model.Threshold));
    }

    [Fact]
    public async Task A_long_text_is_cut_as_the_models_training_cut_unless_the_request_says_otherwise()
    {
        var engine = new TestEngine { Truncation = Truncation.Tail };
        await using var server = await TestServer.StartAsync(engine);
        using var client = new SentimentClient(server.GrpcAddress);
        var text = "good " + string.Join(' ', Enumerable.Repeat("bad", 600)) + " awful";

        await client.PredictAsync(text, PredictOptions.Default, Cancel);
        await client.PredictAsync(text, PredictOptions.Default with { Truncation = LoraOnnx.V1.Truncation.Head }, Cancel);

        var head = TestEngine.Encode(text).Ids;
        var longTexts = engine.Batches.SelectMany(batch => batch).Where(ids => ids.Length == head.Length).ToArray();
        Assert.Equal(2, longTexts.Length);
        Assert.NotEqual(head, longTexts[0]);
        Assert.Equal(TestEngine.Encode("awful").Ids[1], longTexts[0][^2]);
        Assert.Equal(head, longTexts[1]);
    }
}
