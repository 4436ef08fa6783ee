namespace LoraOnnx.House.Tests;

/// <summary>bin/ for shells and for Windows.</summary>
public sealed class ProgramScriptTests
{
    public static TheoryData<string> Programs => [.. Directory.EnumerateFiles(Repository.Path("bin"))
        .Select(Path.GetFileNameWithoutExtension).OfType<string>().Distinct()];

    [Theory]
    [MemberData(nameof(Programs))]
    public void Each_program_has_a_script_for_shells_and_one_for_Windows_of_the_same_output(string program)
    {
        var shell = File.ReadAllText(Repository.Path("bin", program));
        var windows = File.ReadAllText(Repository.Path("bin", program + ".cmd"));
        var project = Directory.EnumerateFiles(Repository.Path("src"), "*.csproj", SearchOption.AllDirectories)
            .Single(path => File.ReadAllText(path).Contains($"<AssemblyName>{program}</AssemblyName>", StringComparison.Ordinal));
        var output = $"artifacts/bin/{Path.GetFileNameWithoutExtension(project)}/release/{program}";

        Assert.Contains($"{output}\"", shell, StringComparison.Ordinal);
        Assert.Contains($"{output.Replace('/', '\\')}.exe\"", windows, StringComparison.Ordinal);
        Assert.DoesNotContain('\r', shell);
        Assert.Equal(windows.Count(character => character == '\n'), windows.Split("\r\n").Length - 1); // cmd.exe wants both
    }
}
