using System.Runtime.InteropServices;

namespace LoraOnnx.Files;

/// <summary>Where the native libraries run: ONNX Runtime is built for these and for no other. Directory.Build.targets says so at build.</summary>
public static class SupportedPlatform
{
    /// <summary>Their runtime identifiers.</summary>
    public static IReadOnlyList<string> All { get; } = ["linux-x64", "linux-arm64", "win-x64", "win-arm64", "osx-arm64"];

    /// <summary>Throws where this process runs on another platform, before a native library fails to load.</summary>
    /// <exception cref="InputException">It does; the message names the platform.</exception>
    public static void Check()
    {
        if (Refusal(RuntimeInformation.RuntimeIdentifier, System, RuntimeInformation.ProcessArchitecture) is { } refusal)
        {
            throw refusal;
        }
    }

    /// <summary>What is wrong with a platform; null: nothing.</summary>
    /// <param name="runtime">As .NET names where it was built for, such as <c>linux-musl-x64</c> or <c>alpine.3.22-x64</c>.</param>
    /// <param name="system"><c>linux</c>, <c>win</c>, <c>osx</c>, or empty for another.</param>
    /// <param name="architecture">Of the process, which may be less than the machine's.</param>
    internal static InputException? Refusal(string runtime, string system, Architecture architecture)
    {
        var isMusl = runtime.Contains("musl", StringComparison.Ordinal) || runtime.StartsWith("alpine", StringComparison.Ordinal);
        var name = isMusl ? $"linux-musl-{Word(architecture)}" : $"{(system.Length > 0 ? system : runtime.Split('-')[0])}-{Word(architecture)}";
        return All.Contains(name) ? null : new InputException(
            $"this is {name}, and ONNX Runtime has libraries for {string.Join(", ", All)} alone{WayOut(name)}.");
    }

    private static string System =>
        OperatingSystem.IsLinux() ? "linux" : OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "";

    private static string Word(Architecture architecture) => architecture switch
    {
        Architecture.X64 => "x64",
        Architecture.Arm64 => "arm64",
        Architecture.X86 => "x86",
        Architecture.Arm or Architecture.Armv6 => "arm",
        _ => $"{architecture}",
    };

    private static string WayOut(string name) => name switch
    {
        "linux-musl-x64" or "linux-musl-arm64" => ": take an image with glibc, such as Debian's or Ubuntu's",
        "osx-x64" => ": on Apple silicon install the arm64 SDK of .NET",
        "win-x86" or "linux-arm" => ": install the 64-bit .NET",
        _ => "",
    };
}
