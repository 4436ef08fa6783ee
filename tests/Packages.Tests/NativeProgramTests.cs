namespace LoraOnnx.Packages.Tests;

/// <summary>samples/library/classify.cs, compiled ahead of time against the packages.</summary>
public sealed class NativeProgramTests(PackageFeed feed, DemoModel model) : IDisposable
{
    /// <summary>The compiler is downloaded where this machine has none.</summary>
    private readonly Customer _customer = new(feed, withSourcesOfThisMachine: true);

    public void Dispose() => _customer.Dispose();

    [Fact]
    public async Task The_sample_becomes_one_native_program_without_a_warning_and_answers_in_process_and_over_a_server()
    {
        Requirement.SkipUnless(OperatingSystem.IsLinux() && File.Exists("/usr/bin/clang") && File.Exists("/usr/include/zlib.h"),
            "clang or zlib1g-dev is not installed.");
        _customer.Write("classify.cs", File.ReadAllText(Repository.Path("samples", "library", "classify.cs")));

        var published = _customer.Dotnet("publish", "classify.cs", "--output", "out",
            "-p:TrimmerSingleWarn=false", "-p:TreatWarningsAsErrors=true", "-p:NuGetAudit=false");

        Assert.DoesNotContain("warning", published, StringComparison.OrdinalIgnoreCase);
        var program = Path.Combine(_customer.Folder, "out", "classify");
        Assert.InRange(new FileInfo(program).Length, 1 << 20, 14 << 20); // docs/library.md: 12 MB
        Assert.Empty(Directory.EnumerateFiles(Path.GetDirectoryName(program)!, "*.dll")); // a file lies in a folder
        using var server = await ServerProcess.StartAsync("--model", model.Path);
        string[] texts = ["A slow start, but the last act is wonderful.", "Two hours of my life that I will never get back."];
        var here = Command.Run(program, [model.Path, .. texts]);
        var there = Command.Run(program, [server.GrpcAddress, .. texts]);
        Assert.True(here.ExitCode == 0 && there.ExitCode == 0, $"{here} {there}");
        Assert.Matches(@"^POSITIVE \d+\.\d %, 13 tokens\nNEGATIVE \d+\.\d %, 14 tokens\n$", here.Output);
        Assert.Equal(here.Output, there.Output);
        var wrong = Command.Run(program, [_customer.Folder, "text"]);
        Assert.Equal(1, wrong.ExitCode);
        Assert.StartsWith("error: ", wrong.Error, StringComparison.Ordinal);
    }
}
