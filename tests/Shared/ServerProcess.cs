using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace LoraOnnx.Tests;

/// <summary>lora-serve as a user starts it: a process with ports of its own.</summary>
internal sealed partial class ServerProcess : IDisposable
{
    private readonly Process _process;

    private ServerProcess(Process process, IReadOnlyList<string> lines, Task<string> error)
    {
        _process = process;
        Lines = lines;
        Error = error;
    }

    public static string Program => Repository.Path("bin", "lora-serve");

    /// <summary>What it printed until it listened.</summary>
    public IReadOnlyList<string> Lines { get; }

    /// <summary>What it wrote to standard error, once it has ended.</summary>
    public Task<string> Error { get; }

    public int Id => _process.Id;

    public string GrpcAddress => GrpcLine().Match(string.Join('\n', Lines)).Groups[1].Value;

    public Uri HttpAddress => new(HttpLine().Match(string.Join('\n', Lines)).Groups[1].Value);

    public static Task<ServerProcess> StartAsync(params string[] arguments) => StartAsync(new Surroundings(), arguments);

    /// <summary>Starts it somewhere else than a user's shell would.</summary>
    public static async Task<ServerProcess> StartAsync(Surroundings surroundings, params string[] arguments)
    {
        var process = Start(surroundings, [.. arguments, "--grpc-port", "0", "--http-port", "0"]);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var lines = new List<string>();
        while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            lines.Add(line);
            if (line.StartsWith("listening: http", StringComparison.Ordinal))
            {
                return new ServerProcess(process, lines, error);
            }
        }

        throw new InvalidOperationException($"The server did not start: {string.Join('\n', lines)}\n{await error}");
    }

    /// <summary>Starts it without waiting for anything.</summary>
    public static Process Start(Surroundings surroundings, params string[] arguments)
    {
        var (program, before) = surroundings.Before.Length == 0
            ? (surroundings.Program ?? Program, Array.Empty<string>())
            : ("/bin/bash", ["-c", $"{surroundings.Before} && exec \"$0\" \"$@\"", surroundings.Program ?? Program]);
        return Command.Start(program, [.. before, .. arguments], folder: surroundings.Folder, environment: surroundings.Environment);
    }

    /// <summary>Sends a signal and waits for the end.</summary>
    public async Task<int> EndAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    [GeneratedRegex(@"^listening: (https?://\S+)", RegexOptions.Multiline)]
    private static partial Regex HttpLine();

    [GeneratedRegex(@"^listening: grpc (\S+)", RegexOptions.Multiline)]
    private static partial Regex GrpcLine();
}

/// <summary>Where a program is started: what the shell does first (such as <c>ulimit -n 1024</c>), the folder, further variables, and another
/// build of it.</summary>
internal sealed record Surroundings(string Before = "", string? Folder = null, IReadOnlyDictionary<string, string>? Environment = null,
    string? Program = null);
