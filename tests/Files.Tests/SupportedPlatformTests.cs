using System.Runtime.InteropServices;

namespace LoraOnnx.Files.Tests;

public sealed class SupportedPlatformTests
{
    [Fact]
    public void This_one_is_supported() => SupportedPlatform.Check();

    [Theory]
    [InlineData("linux-x64", "linux", Architecture.X64)]
    [InlineData("debian.12-arm64", "linux", Architecture.Arm64)]
    [InlineData("win-x64", "win", Architecture.X64)]
    [InlineData("win-arm64", "win", Architecture.Arm64)]
    [InlineData("osx-arm64", "osx", Architecture.Arm64)]
    public void Platforms_with_libraries_are_no_error(string runtime, string system, Architecture architecture) =>
        Assert.Null(SupportedPlatform.Refusal(runtime, system, architecture));

    [Theory]
    [InlineData("linux-musl-x64", "linux", Architecture.X64, "this is linux-musl-x64", "Debian's or Ubuntu's.")]
    [InlineData("alpine.3.22-arm64", "linux", Architecture.Arm64, "this is linux-musl-arm64", "Debian's or Ubuntu's.")]
    [InlineData("osx-x64", "osx", Architecture.X64, "this is osx-x64", "the arm64 SDK of .NET.")]
    [InlineData("win-x86", "win", Architecture.X86, "this is win-x86", "the 64-bit .NET.")]
    [InlineData("linux-arm", "linux", Architecture.Arm, "this is linux-arm,", "the 64-bit .NET.")]
    [InlineData("freebsd-x64", "", Architecture.X64, "this is freebsd-x64", "osx-arm64 alone.")]
    [InlineData("linux-s390x", "linux", Architecture.S390x, "this is linux-S390x", "osx-arm64 alone.")]
    public void Others_are_refused_in_one_line_with_a_way_out(string runtime, string system, Architecture architecture, string begin, string end)
    {
        var refusal = SupportedPlatform.Refusal(runtime, system, architecture);

        Assert.NotNull(refusal);
        Assert.StartsWith(begin, refusal.Message, StringComparison.Ordinal);
        Assert.EndsWith(end, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
        Assert.Null(refusal.Hint);
    }
}
