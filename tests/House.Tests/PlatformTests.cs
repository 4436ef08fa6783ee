using System.Text.Json;

namespace LoraOnnx.House.Tests;

public sealed class PlatformTests
{
    [Theory]
    [InlineData("linux-musl-x64")]
    [InlineData("osx-x64")]
    [InlineData("win-x86")]
    [InlineData("linux-arm")]
    public void Building_for_a_platform_without_libraries_is_refused_in_one_line(string platform)
    {
        var result = Build(platform);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"error : {platform}: ONNX Runtime has libraries for linux-x64, linux-arm64, win-x64, win-arm64, osx-arm64 alone.",
            result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("linux-x64")]
    [InlineData("linux-arm64")]
    [InlineData("win-x64")]
    [InlineData("win-arm64")]
    [InlineData("osx-arm64")]
    public void The_others_are_let_through(string platform) => Assert.Equal(0, Build(platform).ExitCode);

    [Theory]
    [InlineData("linux-x64", "TorchSharp", "libtorch-cpu-linux-x64")]
    [InlineData("osx-arm64", "TorchSharp", "libtorch-cpu-osx-arm64")]
    [InlineData("linux-arm64", "TorchSharp")]
    [InlineData("win-x64", "TorchSharp")]
    [InlineData("win-arm64", "TorchSharp")]
    public void The_platform_chooses_torchs_natives(string platform, params string[] expected)
    {
        var result = Command.Run("dotnet", ["msbuild", Repository.Path("src", "Training", "Torch"), "-getItem:TorchPackage",
            $"-p:RuntimeIdentifier={platform}"]);
        Assert.True(result.ExitCode == 0, result.ToString());

        using var json = JsonDocument.Parse(result.Output);
        Assert.Equal(expected, json.RootElement.GetProperty("Items").GetProperty("TorchPackage").EnumerateArray()
            .Select(item => item.GetProperty("Identity").GetString()!));
    }

    private static CommandResult Build(string platform) => Command.Run("dotnet",
        ["msbuild", Repository.Path("src", "Files"), "-nologo", "-t:RefuseOtherPlatforms", $"-p:RuntimeIdentifier={platform}"]);
}
