namespace LoraOnnx.Packages.Tests;

/// <summary>lora-train without libtorch, as docs/training.md has it published: alone, and beside the other programs.</summary>
public sealed class WithoutTorchTests : IDisposable
{
    private const double Tolerance = 1e-5; // of logits and losses, between platforms

    private readonly TemporaryFolder _folder = new();
    private readonly TinyTraining _task;

    public WithoutTorchTests() => _task = new TinyTraining(_folder.Path);

    private string Run => $"{_folder.Path}/run";

    private string Onnx => $"{_folder.Path}/onnx";

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task On_linux_x64_it_is_below_100_MB_and_what_it_trains_is_merged_compared_and_served()
    {
        Requirement.ProcessorHas(PublishedPrograms.IsLinuxX64, "this is not Linux on x64.");
        var programs = new PublishedPrograms(_folder.Path, "linux-x64");
        programs.Publish("Training/Program", "-p:Torch=false");

        Assert.InRange(programs.Size(), 1, 100_000_000);
        var trained = programs.Run("lora-train", _task.Arguments(Run));
        Assert.Single(trained.Error.Split('\n'), line => line.Contains(
            "engine onnx: libtorch does not load here (this lora-train was built without it: -p:Torch=false).", StringComparison.Ordinal));
        Assert.Contains("<svg", File.ReadAllText($"{Run}/report.html"), StringComparison.Ordinal);
        programs.Run("lora-train", "--resume", "--out", Run); // all is done, and its records are read
        PublishedPrograms.Here("lora-merge", null, "--run", Run, "--out", $"{Onnx}/model.onnx");
        var compared = _task.Compare(arguments => PublishedPrograms.Here("lora-compare", null, arguments), Run, Onnx);
        using var server = await ServerProcess.StartAsync("--model", Onnx);
        var served = _task.AskedLogits(server.GrpcAddress);

        TinyTraining.AssertClose(compared[..36], compared[36..], Tolerance); // run and file: 12 texts, 3 labels
        TinyTraining.AssertClose(compared[..36], served, Tolerance);
    }

    [Fact]
    public void On_macOS_it_has_the_natives_of_arm64()
    {
        var programs = new PublishedPrograms(_folder.Path, "osx-arm64");
        programs.PublishTogether(["Training/Program"], "-p:Torch=false");

        Assert.Empty(Directory.EnumerateFiles(Path.GetDirectoryName(programs.File("lora-train"))!, "*.so"));
        Assert.All(["lora-train", "libonnxruntime.dylib", "libcoreclr.dylib"], name =>
        {
            using var file = File.OpenRead(programs.File(name));
            var start = new byte[8];
            file.ReadExactly(start);
            Assert.Equal([0xCF, 0xFA, 0xED, 0xFE, 0x0C, 0, 0, 0x01], start); // mach-o/loader.h: 64 bits, ARM64
        });
    }
}
