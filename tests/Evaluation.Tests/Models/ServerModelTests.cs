using LoraOnnx.Evaluation.Tests.Support;
using LoraOnnx.Model.Metrics;

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
        Assert.Equal(("fp32", "fp32"), (file.Card.Precision, served.Card.Precision));
    }

    [Fact]
    public async Task A_served_model_of_several_labels_answers_by_the_thresholds_beside_its_file()
    {
        using var several = new TinyModel(new TinyModelOptions { Labels = ["joy", "pace"], ProblemType = "multi_label_classification" });
        var onnx = several.Onnx("file");
        new Calibration { Thresholds = [0.01, 0.99] }.Save(onnx);
        var data = Path.Combine(several.Folder, "several.jsonl");
        await File.WriteAllTextAsync(data, """
            {"text": "good film", "labels": ["joy"]}
            {"text": "a slow plot", "labels": ["pace"]}
            {"text": "loved it and it was never slow", "labels": ["joy", "pace"]}
            """, TestContext.Current.CancellationToken);
        using var server = await ServerProcess.StartAsync("--model", $"several={onnx}");

        var (report, _) = await TinyModels.CompareAsync(new CompareOptions
        {
            Models = TinyModels.Arguments($"file={onnx}", $"served=http://{server.GrpcAddress}/several"),
            Data = data,
        });

        Assert.Equal(4 / 7.0, report.Models[0].Figures.F1, 1e-9); // joy always, pace never: 2 of 3 answers right, 2 of 4 labels found
        Assert.Equal(report.Models[0].Figures.F1, report.Models[1].Figures.F1);
        Assert.Equal([0.01, 0.99], report.Models[1].Calibration.Thresholds);
    }

    [Fact]
    public async Task The_port_for_HTTP_is_told_from_that_for_gRPC()
    {
        using var server = await ServerProcess.StartAsync("--model", $"sentiment={_model.Onnx("file")}");
        var http = server.Lines[^1].Split(' ')[^1].TrimEnd('/');

        var compared = Command.Run(Repository.Path("bin", "lora-compare"), [$"{http}/sentiment", "--data", TinyTexts.Write(_model.Folder, 10)]);
        var predicted = Command.Run(Repository.Path("bin", "lora-serve"), ["predict", "--address", new Uri(http).Authority, "a good film"]);

        Assert.Contains("is a server's port for HTTP, expected that for gRPC.", compared.Error, StringComparison.Ordinal);
        Assert.Contains("is a server's port for HTTP, expected that for gRPC.\nhint:  lora-serve prints it", predicted.Error,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_without_TLS_is_told_from_none()
    {
        using var server = await ServerProcess.StartAsync("--model", $"sentiment={_model.Onnx("file")}");
        var address = $"https://{server.GrpcAddress}";

        var compared = Command.Run(Repository.Path("bin", "lora-compare"), [$"{address}/sentiment", "--data", TinyTexts.Write(_model.Folder, 10)]);
        var predicted = Command.Run(Repository.Path("bin", "lora-serve"), ["predict", "--address", address, "a good film"]);

        Assert.All([compared.Error, predicted.Error], error => Assert.Matches(
            "has no TLS, or a certificate that is not trusted here.\nhint:  "
            + "a server without TLS is HOST:PORT, without https://. The reason: .+\n$", error));
    }

    [Fact]
    public async Task A_server_with_keys_is_scored_with_one_and_says_so_without()
    {
        const string Key = "0123456789abcdef";
        var keys = Path.Combine(_model.Folder, "keys");
        await File.WriteAllTextAsync(keys, $"user compare {Key}\n", TestContext.Current.CancellationToken);
        using var server = await ServerProcess.StartAsync("--model", $"sentiment={_model.Onnx("file")}", "--api-keys", keys);
        string[] arguments = [$"http://{server.GrpcAddress}/sentiment", "--data", TinyTexts.Write(_model.Folder, 10), "--json"];

        var refused = Command.Run(Repository.Path("bin", "lora-compare"), arguments);
        var scored = Command.Run(Repository.Path("bin", "lora-compare"), [.. arguments, "--api-key", Key]);

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("hint:  give a key that the server knows with --api-key KEY", refused.Error, StringComparison.Ordinal);
        Assert.True(scored.ExitCode == 0, scored.ToString());
        Assert.DoesNotContain(Key, scored.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_the_server_does_not_have_is_said_with_those_it_has()
    {
        using var server = await ServerProcess.StartAsync("--model", $"sentiment={_model.Onnx("file")}");
        var options = new CompareOptions
        {
            Models = TinyModels.Arguments($"http://{server.GrpcAddress}/mood"),
            Data = TinyTexts.Write(_model.Folder, 10),
        };

        var error = await Assert.ThrowsAsync<InputException>(() => TinyModels.CompareAsync(options));

        Assert.Contains("the server has no model 'mood'; it has sentiment.", error.Message, StringComparison.Ordinal);
    }
}
