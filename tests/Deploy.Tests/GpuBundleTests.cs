using System.Text.Json;

namespace LoraOnnx.Deploy.Tests;

/// <summary>bench/gpu: what is carried to a GPU machine and called there, tried on this machine's processor with a small model.</summary>
public sealed class GpuBundleTests : IDisposable
{
    private const int PartMebibytes = 16;

    private static readonly string _libtorch =
        Repository.Path("artifacts", "bin", "LoraOnnx.Training", "release", "runtimes", "linux-x64", "native");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_bundle_is_made_in_parts_and_its_run_writes_one_file_with_the_figures_of_every_part()
    {
        Requirement.SkipUnless(OperatingSystem.IsLinux() && File.Exists(Path.Combine(_libtorch, "libtorch.so")), "there is no libtorch here.");
        Make();
        var parts = Directory.GetFiles(_folder.Path, "part-*");
        Assert.True(parts.Length > 1, "one part only");
        Assert.All(parts, part => Assert.InRange(new FileInfo(part).Length, 1, PartMebibytes << 20));

        var file = Path.Combine(_folder.Path, "figures.json");
        var result = Measure("--out", file, "golden-torch", "golden-served", "trajectory-torch", "lora-tf32", "head", "inference-fp32", "serving",
            "lora-train-head");

        Assert.True(result.ExitCode == 0, result.ToString());
        using var json = JsonDocument.Parse(File.ReadAllText(file));
        var figures = json.RootElement.GetProperty("parts");
        Assert.Equal(8, figures.EnumerateObject().Count());
        Assert.InRange(figures.GetProperty("golden-torch").GetProperty("largest_difference").GetDouble(), 0, 2e-5);
        Assert.InRange(figures.GetProperty("lora-tf32").GetProperty("published_run_seconds").GetDouble(), 1, double.MaxValue);
        Assert.True(figures.GetProperty("serving").GetProperty("holds").GetBoolean());

        var cuda = Measure("--device", "cuda", "--out", file, "golden-torch", "golden-onnx");

        Assert.Equal(1, cuda.ExitCode); // what failed stands in the file, and the next part is tried
        using var failed = JsonDocument.Parse(File.ReadAllText(file));
        Assert.Contains("no CUDA device is to be seen", failed.RootElement.GetProperty("parts").GetProperty("golden-torch").GetProperty("error")
            .GetString(), StringComparison.Ordinal);
        Assert.Contains("CPU only", failed.RootElement.GetProperty("parts").GetProperty("golden-onnx").GetProperty("error").GetString(),
            StringComparison.Ordinal);

        File.WriteAllText(parts[0], "damaged");
        Directory.Delete(Path.Combine(_folder.Path, "unpacked"), recursive: true);
        Assert.Contains("error: a part is missing or damaged", Measure().Error, StringComparison.Ordinal);
    }

    private void Make()
    {
        var result = Command.Run("bash", [Repository.Path("bench", "gpu", "bundle.sh"), _folder.Path, "--built"], TimeSpan.FromMinutes(5),
            environment: new Dictionary<string, string> { ["PART_MIB"] = $"{PartMebibytes}", ["XZ_LEVEL"] = "0" });
        Assert.True(result.ExitCode == 0, result.ToString());
    }

    private CommandResult Measure(params string[] arguments) => Command.Run("bash",
        [Path.Combine(_folder.Path, "run.sh"), "--short",
            .. arguments.Contains("--device") ? Array.Empty<string>() : ["--device", "cpu"], .. arguments],
        TimeSpan.FromMinutes(5), environment: new Dictionary<string, string> { ["LORA_ONNX_LIBTORCH"] = _libtorch });
}
