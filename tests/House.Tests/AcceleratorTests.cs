using System.Text.Json;

namespace LoraOnnx.House.Tests;

public sealed class AcceleratorTests
{
    [Theory]
    [InlineData("Training/Torch", "cpu", "TorchSharp", "libtorch-cpu-linux-x64")]
    [InlineData("Training/Torch", "cuda", "TorchSharp-cuda-linux")]
    [InlineData("Inference", "cpu", "Microsoft.ML.OnnxRuntime")]
    [InlineData("Inference", "cuda", "Microsoft.ML.OnnxRuntime.Gpu")]
    public void The_accelerator_property_chooses_the_native_packages(string room, string accelerator, params string[] expected)
    {
        var asked = PackagesAskedFor(room, accelerator);

        Assert.Equal(expected, asked.Where(package => package.Contains("torch", StringComparison.OrdinalIgnoreCase)
            || package.Contains("OnnxRuntime", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_libtorch_that_is_installed_takes_the_place_of_its_packages() =>
        Assert.Equal(["TorchSharp"], PackagesAskedFor("Training/Torch", "cuda", "-p:Libtorch=installed")
            .Where(package => package.Contains("torch", StringComparison.OrdinalIgnoreCase)));

    private static List<string> PackagesAskedFor(string room, string accelerator, params string[] more)
    {
        var project = Directory.GetFiles(Repository.Path("src", room), "*.csproj").Single();
        var result = Command.Run("dotnet", ["msbuild", project, "-getItem:PackageReference", $"-p:Accelerator={accelerator}", .. more]);
        Assert.True(result.ExitCode == 0, result.ToString());
        using var json = JsonDocument.Parse(result.Output);
        return [.. json.RootElement.GetProperty("Items").GetProperty("PackageReference").EnumerateArray()
            .Select(item => item.GetProperty("Identity").GetString()!)];
    }
}
