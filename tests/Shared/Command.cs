using System.Diagnostics;

namespace LoraOnnx.Tests;

/// <summary>What a command printed and returned.</summary>
internal sealed record CommandResult(int ExitCode, string Output, string Error)
{
    public override string ToString() => $"exit {ExitCode}\n--- output\n{Output}\n--- errors\n{Error}";
}

/// <summary>Runs programs as a user does: by path, in the checkout, with output captured.</summary>
internal static class Command
{
    /// <summary>Runs to the end; fails the test after <paramref name="timeout"/> (default two minutes).</summary>
    public static CommandResult Run(string program, IEnumerable<string> arguments, TimeSpan? timeout = null, string? input = null,
        string? folder = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        using var process = Start(program, arguments, redirectInput: input is not null, folder: folder, environment: environment);
        if (input is not null)
        {
            process.StandardInput.Write(input);
            process.StandardInput.Close();
        }

        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(timeout ?? Patience.Time))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{program} {string.Join(' ', arguments)} did not end in time.");
        }

        return new CommandResult(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }

    /// <summary>Starts a program with its outputs redirected, in the checkout unless a folder is given.</summary>
    public static Process Start(
        string program,
        IEnumerable<string> arguments,
        bool redirectInput = false,
        string? folder = null,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder ?? Repository.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = redirectInput,
        };
        start.Environment["NO_COLOR"] = "1";
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
    }
}
