using System.Text.RegularExpressions;

namespace LoraOnnx.Deploy.Tests;

/// <summary>What the programs built with -p:Accelerator=cuda say on a machine without a GPU.</summary>
public sealed class CudaBuildTests : IDisposable
{
    private const string NoGpu = "device cuda cannot be used: ";

    private static readonly Lazy<string> _serve = new(() => Build("Serving", "LoraOnnx.Serving", "lora-serve"));
    private static readonly Lazy<string> _train = new(() => Build("Training/Program", "LoraOnnx.Training", "lora-train"));

    private readonly TemporaryFolder _folder = new();
    private readonly ServedModels _models = new();

    public CudaBuildTests() => Requirement.SkipUnless(OperatingSystem.IsLinux() && !File.Exists("/dev/nvidia0"), "for Linux without a GPU.");

    public void Dispose()
    {
        _folder.Dispose();
        _models.Dispose();
    }

    [Fact]
    public void Lora_serve_with_device_cuda_says_what_is_missing_and_ends()
    {
        var result = Command.Run(_serve.Value, ["--model", _models.Tiny, "--device", "cuda", "--grpc-port", "0", "--http-port", "0"]);

        AssertTwoLines(result);
    }

    [Fact]
    public async Task Lora_serve_with_device_auto_says_so_and_serves_on_the_processor()
    {
        using var server = await ServerProcess.StartAsync(new Surroundings(Program: _serve.Value), "--model", _models.Tiny, "--device", "auto");

        await server.EndAsync("TERM");

        Assert.Contains("no usable CUDA device, running on the CPU: " + NoGpu, await server.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Lora_train_on_ONNX_Runtime_with_device_cuda_says_what_is_missing_and_ends()
    {
        var result = Train("--engine", "onnx", "--device", "cuda");

        AssertTwoLines(result);
        Assert.False(Directory.Exists(Path.Combine(_folder.Path, "run")));
    }

    [Fact]
    public void Lora_train_on_ONNX_Runtime_with_device_auto_trains_on_the_processor()
    {
        var result = Train("--engine", "onnx", "--device", "auto", "--epochs", "1");

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Contains("\"device\": \"cpu\"", File.ReadAllText(Path.Combine(_folder.Path, "run", "run.json")), StringComparison.Ordinal);
    }

    private static void AssertTwoLines(CommandResult result)
    {
        Assert.True(result.ExitCode == 1, result.ToString());
        Assert.Matches(new Regex(@"\Aerror: device cuda cannot be used: [^\n]+\nhint:  the driver \(libcuda\.so\.1\), CUDA 13 [^\n]+\n\z"),
            Regex.Replace(result.Error, @"(?<=\S) *\n       ", " "));
    }

    private static string Build(string project, string name, string program)
    {
        var folder = Repository.Path("artifacts", "cuda");
        var result = Command.Run("dotnet", ["build", Repository.Path("src", project), "--verbosity", "quiet", "--nologo", "-p:Accelerator=cuda",
            "-p:Libtorch=installed", "-p:RunAnalyzers=false", "--artifacts-path", folder], TimeSpan.FromMinutes(10),
            environment: new Dictionary<string, string> { ["MSBUILDDISABLENODEREUSE"] = "1" });
        Assert.True(result.ExitCode == 0, result.ToString());
        return Path.Combine(folder, "bin", name, "release", program);
    }

    private CommandResult Train(params string[] arguments)
    {
        var texts = _folder.Write("texts.jsonl", string.Concat(Enumerable.Range(0, 8).Select(row =>
            $"{{\"text\": \"{(row % 2 == 0 ? "a good film" : "a bad film")}\", \"label\": {row % 2}}}\n")));
        using var model = new TinyModel();
        return Command.Run(_train.Value, [.. arguments, "--model", model.Checkpoint, "--train", texts, "--validation", texts,
            "--out", Path.Combine(_folder.Path, "run")]);
    }
}
