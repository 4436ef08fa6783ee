using System.Globalization;
using System.Runtime.InteropServices;

namespace LoraOnnx.Packages.Tests;

/// <summary>Programs as they are published for one platform, self-contained, and how that platform's programs are started here.</summary>
internal sealed class PublishedPrograms(
    string folder, string platform, string? starter = null, IReadOnlyDictionary<string, string>? surroundings = null)
{
    /// <summary>Whether programs of linux-x64 run here by themselves.</summary>
    public static bool IsLinuxX64 => OperatingSystem.IsLinux() && RuntimeInformation.OSArchitecture == Architecture.X64;

    /// <summary>Where a program of a platform runs by itself or by the starter.</summary>
    public IReadOnlyDictionary<string, string> Surroundings { get; } = surroundings ?? new Dictionary<string, string>();

    private string Folder => Path.Combine(folder, platform);

    /// <summary>Publishes a project of src/ into a folder of its own: what one leaves out of .NET another needs. Outputs are not the
    /// checkout's, which are left alone.</summary>
    public void Publish(string project, params string[] properties)
    {
        var published = Command.Run("dotnet", ["publish", $"src/{project}", "--runtime", platform, "--self-contained", "--verbosity", "quiet",
            "--artifacts-path", $"{folder}/artifacts", "-p:RunAnalyzers=false", "-p:NuGetAudit=false",
            .. properties.Contains("--output") ? [] : new[] { "--output", $"{Folder}/{project}" }, .. properties],
            TimeSpan.FromMinutes(10));
        Assert.True(published.ExitCode == 0, published.ToString());
    }

    /// <summary>Publishes several into one folder: neither trimmed nor compiled ahead, which would take minutes that their few runs do not
    /// save.</summary>
    public void PublishTogether(IEnumerable<string> projects, params string[] properties)
    {
        foreach (var project in projects)
        {
            Publish(project, [.. properties, "-p:PublishTrimmed=false", "-p:PublishReadyToRun=false", "--output", Folder]);
        }
    }

    /// <summary>A published file.</summary>
    public string File(string name) => Directory.EnumerateFiles(Folder, name, SearchOption.AllDirectories).First();

    /// <summary>Bytes of all that is published.</summary>
    public long Size() => new DirectoryInfo(Folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);

    /// <summary>Runs a program, which must succeed.</summary>
    public CommandResult Run(string program, params string[] arguments)
    {
        var (first, rest) = Started(program, arguments);
        return Here(first, Surroundings, rest);
    }

    /// <summary>Starts the server, waits until it listens, and gives what <paramref name="ask"/> hears from its gRPC address.</summary>
    public async Task<T> ServeAsync<T>(string model, Func<string, T> ask)
    {
        var (first, rest) = Started("lora-serve", ["--model", model, "--grpc-port", "0", "--http-port", "0"]);
        using var server = Command.Start(first, rest, environment: Surroundings);
        try
        {
            string? address = null;
            while (address is null && await server.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
            {
                address = line.StartsWith("listening: grpc ", StringComparison.Ordinal)
                    ? line["listening: grpc ".Length..].Split(' ')[0].Trim() : null;
            }

            Assert.NotNull(address);
            return ask(address);
        }
        finally
        {
            server.Kill(entireProcessTree: true);
        }
    }

    /// <summary>Runs a program of this checkout, or of this system, which must succeed.</summary>
    public static CommandResult Here(string program, IReadOnlyDictionary<string, string>? environment, params string[] arguments)
    {
        var path = program.StartsWith("lora-", StringComparison.Ordinal) ? Repository.Path("bin", program) : program;
        var result = Command.Run(path, arguments, TimeSpan.FromMinutes(10), environment: environment);
        Assert.True(result.ExitCode == 0, string.Create(CultureInfo.InvariantCulture, $"{program} {string.Join(' ', arguments)}: {result}"));
        return result;
    }

    private (string Program, string[] Arguments) Started(string program, string[] arguments) => starter is null ? (File(program), arguments)
        : (starter, [File(platform.StartsWith("win", StringComparison.Ordinal) ? $"{program}.exe" : program), .. arguments]);
}
