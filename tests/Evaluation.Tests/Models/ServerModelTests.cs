using LoraOnnx.Evaluation.Tests.Support;

namespace LoraOnnx.Evaluation.Tests.Models;

/// <summary>A lora-serve process as one of the models.</summary>
public sealed class ServerModelTests : IDisposable
{
    private readonly TinyModel _model = new();

    public void Dispose() => _model.Dispose();

    [Fact]
    public async Task A_server_is_scored_over_gRPC_and_told_to_equal_its_file()
    {
        var onnx = _model.Onnx("file");
        using var other = new TinyModel(new TinyModelOptions { Seed = 8 });
        using var server = await ServerProcess.StartAsync("--model", $"sentiment={onnx}");
        var options = new CompareOptions
        {
            Models = TinyModels.Arguments($"other={other.Checkpoint}", $"file={onnx}", $"served=http://{server.GrpcAddress}/sentiment"),
            Data = TinyTexts.Write(_model.Folder, 600),
        };

        var (report, scores) = await TinyModels.CompareAsync(options);

        var (file, served) = (report.Models[1], report.Models[2]);
        Assert.Equal(file.Figures.F1, served.Figures.F1);
        Assert.Equal(scores.Models[1].Tokens, scores.Models[2].Tokens);
        Assert.Equal(("file", true), (served.Agreement!.Model, served.Agreement.SameFile));
        Assert.True(served.Agreement.DifferentTexts == 0, served.Agreement.Describe("served", 600));
        Assert.Null(file.Agreement);
        Assert.Equal(file.Card.FileHash, served.Card.FileHash);
    }

    [Fact]
    public async Task A_model_that_the_server_does_not_have_is_said_with_those_it_has()
    {
        using var server = await ServerProcess.StartAsync("--model", $"sentiment={_model.Onnx("file")}");
        var options = new CompareOptions { Models = TinyModels.Arguments($"http://{server.GrpcAddress}/mood"), Data = TinyTexts.Write(_model.Folder, 10) };

        var error = await Assert.ThrowsAsync<InputException>(() => TinyModels.CompareAsync(options));

        Assert.Contains("the server has no model 'mood'; it has sentiment.", error.Message, StringComparison.Ordinal);
    }
}
