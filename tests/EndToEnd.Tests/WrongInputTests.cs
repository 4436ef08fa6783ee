using System.Net;
using System.Net.Sockets;

namespace LoraOnnx.EndToEnd.Tests;

/// <summary>Wrong input, to each program that can meet it: one to three lines that say what and where, exit code 1, and nothing left
/// behind.</summary>
public sealed class WrongInputTests : IDisposable
{
    private const string GoodLine = """{"text": "good", "label": 1}""";
    private const string OtherClass = """{"text":"dull","label":0}""";

    private readonly string _folder = Directory.CreateTempSubdirectory("wrong-input-").FullName;

    private string Out => Path.Combine(_folder, "out");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("lora-train")]
    [InlineData("lora-merge")]
    [InlineData("lora-serve")]
    [InlineData("lora-compare")]
    public void A_path_that_does_not_exist(string program) => AssertError(program, Path.Combine(_folder, "nowhere"), Data(GoodLine), "nowhere");

    [Theory]
    [InlineData("lora-train")]
    [InlineData("lora-merge")]
    [InlineData("lora-serve")]
    [InlineData("lora-compare")]
    public void An_unknown_option(string program)
    {
        AssertError(program, Programs.DemoModel, Data(GoodLine), "Unrecognized option '--no-such-option'.", "--no-such-option");

        var withValue = Programs.Run(program, "--no-such-option", "7");
        Assert.DoesNotContain("'7'", withValue.Error, StringComparison.Ordinal); // the value is no second mistake
    }

    [Theory]
    [InlineData("lora-train")]
    [InlineData("lora-merge")]
    [InlineData("lora-serve")]
    public void A_value_that_an_option_does_not_know(string program) =>
        AssertError(program, Programs.DemoModel, Data(GoodLine), "error: --precision", "--precision", "int4");

    [Theory]
    [InlineData("lora-train")]
    [InlineData("lora-merge")]
    [InlineData("lora-compare")]
    public void A_safetensors_file_that_is_cut_short(string program)
    {
        using var model = new TinyModel();
        var file = Path.Combine(model.Checkpoint, "model.safetensors");
        File.WriteAllBytes(file, File.ReadAllBytes(file)[..^100]);

        AssertError(program, model.Checkpoint, Data(GoodLine), "model.safetensors");
    }

    [Theory]
    [InlineData("lora-train")]
    [InlineData("lora-merge")]
    [InlineData("lora-compare")]
    public void The_config_of_another_model(string program)
    {
        using var model = new TinyModel();
        File.Copy(Path.Combine(Programs.DemoModel, "config.json"), Path.Combine(model.Checkpoint, "config.json"), overwrite: true);

        AssertError(program, model.Checkpoint, Data(GoodLine), "config.json implies");
    }

    [Theory]
    [InlineData("lora-train", "")]
    [InlineData("lora-compare", "")]
    [InlineData("lora-train", "not json")]
    [InlineData("lora-compare", "not json")]
    [InlineData("lora-train", """{"text": "good"}""")]
    [InlineData("lora-compare", """{"label": 1}""")]
    public void A_malformed_line_of_data(string program, string line) =>
        AssertError(program, Programs.DemoModel, Data(GoodLine, line, GoodLine), "texts.jsonl:2");

    [Theory]
    [InlineData("lora-train")]
    [InlineData("lora-compare")]
    public void A_data_file_without_texts(string program) => AssertError(program, Programs.DemoModel, Data(), "texts.jsonl");

    [Theory]
    [InlineData("lora-train")]
    [InlineData("lora-serve")]
    public void A_GPU_on_a_CPU_build(string program) =>
        AssertError(program, program == "lora-serve" ? Served() : Programs.DemoModel, Data(GoodLine, OtherClass), "Accelerator=cuda",
            "--device", "cuda");

    [Fact]
    public void A_port_in_use()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();

        AssertError("lora-serve", Served(), "", "in use", "--grpc-port", $"{((IPEndPoint)taken.LocalEndpoint).Port}");
    }

    /// <summary>A file of labelled texts with these lines.</summary>
    private string Data(params string[] lines)
    {
        var file = Path.Combine(_folder, "texts.jsonl");
        File.WriteAllLines(file, lines);
        return file;
    }

    /// <summary>A small model that lora-serve could serve.</summary>
    private string Served()
    {
        using var model = new TinyModel();
        Programs.Succeed("lora-merge", "--model", model.Checkpoint, "--out", Path.Combine(_folder, "onnx", "model.onnx"), "--no-verify");
        return Path.Combine(_folder, "onnx");
    }

    private void AssertError(string program, string model, string data, string expected, params string[] more)
    {
        string[] arguments = program switch
        {
            "lora-train" => ["--model", model, "--train", data, "--out", Out],
            "lora-merge" => ["--model", model, "--out", Path.Combine(Out, "model.onnx")],
            "lora-serve" => ["--model", model, .. more.Contains("--grpc-port") ? [] : new[] { "--grpc-port", "0" }, "--http-port", "0"],
            _ => [$"raw={model}", "--data", data, "--out", Path.Combine(Out, "report.html"), "--predictions", Path.Combine(Out, "predictions.jsonl")],
        };

        if (program == "lora-compare")
        {
            Directory.CreateDirectory(Out); // it writes into directories that are there
        }

        var result = Programs.Run(program, [.. arguments, .. more]);

        Assert.True(result.ExitCode == 1, result.ToString());
        Assert.StartsWith("error: ", result.Error, StringComparison.Ordinal);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.InRange(result.Error.TrimEnd().Split('\n').Length, 1, 3);
        Assert.Empty(result.Output);
        Assert.False(Directory.Exists(Out) && Directory.EnumerateFileSystemEntries(Out).Any(), $"{program} left files behind.");
    }
}
