namespace LoraOnnx.Packages.Tests;

/// <summary>
/// The programs as they are published for linux-arm64, self-contained, under qemu-user: what they compute is what is computed here.
/// </summary>
public sealed class ArmTests : IDisposable
{
    private const double Tolerance = 1e-5; // of logits and losses

    /// <summary>ONNX Runtime reads it; that of this processor has other words.</summary>
    private const string CpuInfo = """
        processor	: 0
        Features	: fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid
        CPU implementer	: 0x41
        CPU architecture: 8
        CPU variant	: 0x0
        CPU part	: 0xd07
        CPU revision	: 0

        """;

    private readonly TemporaryFolder _folder = new();
    private readonly TinyTraining _task;

    public ArmTests() => _task = new TinyTraining(_folder.Path);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_model_is_trained_merged_compared_and_served_on_linux_arm64_with_the_numbers_of_x64()
    {
        Requirement.ProcessorHas(PublishedPrograms.IsLinuxX64, "this is not Linux on x64.");
        Requirement.SkipUnless(File.Exists("/usr/bin/qemu-aarch64") && File.Exists("/usr/lib/aarch64-linux-gnu/libssl.so.3"),
            "qemu-user, libstdc++6:arm64 and libssl3:arm64 are not installed.");
        _folder.Write("system/proc/cpuinfo", CpuInfo);
        var arm = new PublishedPrograms(_folder.Path, "linux-arm64", "qemu-aarch64", new Dictionary<string, string>
        {
            ["QEMU_LD_PREFIX"] = $"{_folder.Path}/system",
            ["DOTNET_EnableWriteXorExecute"] = "0", // code that is mapped twice is not seen by qemu
        });
        arm.PublishTogether(["Training/Program", "Merge", "Evaluation", "Serving"], "-p:Torch=false");
        var (run, onnx) = ($"{_folder.Path}/run", $"{_folder.Path}/onnx");

        arm.Run("lora-train", _task.Arguments(run));
        arm.Run("lora-merge", "--run", run, "--out", $"{onnx}/model.onnx");
        PublishedPrograms.Here("lora-train", null, [.. _task.Arguments($"{run}-here"), "--engine", "onnx"]);
        PublishedPrograms.Here("lora-merge", null, "--run", $"{run}-here", "--out", $"{onnx}-here/model.onnx");

        TinyTraining.AssertClose(TinyTraining.Losses($"{run}-here"), TinyTraining.Losses(run), Tolerance);
        var there = _task.Compare(arguments => arm.Run("lora-compare", arguments), onnx, $"{onnx}-here");
        var here = _task.Compare(arguments => PublishedPrograms.Here("lora-compare", null, arguments), onnx, $"{onnx}-here");
        TinyTraining.AssertClose(here[36..], here[..36], Tolerance); // two trainings: 12 texts, 3 labels
        TinyTraining.AssertClose(here, there, Tolerance);
        TinyTraining.AssertClose(here[..36], await arm.ServeAsync(onnx, _task.AskedLogits), Tolerance);
    }
}
