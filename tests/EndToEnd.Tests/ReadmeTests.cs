using System.Text.RegularExpressions;

namespace LoraOnnx.EndToEnd.Tests;

/// <summary>
/// What README.md tells people to type, typed: as it stands there, in a folder like the clone, where <c>models/demo</c> is a tiny model.
/// </summary>
public sealed partial class ReadmeTests : IDisposable
{
    private readonly TinyModel _model = new();
    private readonly TemporaryFolder _clone = new();

    public void Dispose()
    {
        _clone.Dispose();
        _model.Dispose();
    }

    [Fact]
    public async Task Every_command_of_README_does_what_it_says()
    {
        LikeAClone();
        var lines = Document.CommandsIn("README.md").Where(command => command.StartsWith("bin/", StringComparison.Ordinal)).ToList();
        ServerProcess? server = null;
        foreach (var line in lines)
        {
            if (Serve().Match(line) is { Success: true } serve)
            {
                server?.Dispose();
                WhatTheReaderHas();
                server = await ServerProcess.StartAsync(new Surroundings { Folder = _clone.Path }, serve.Groups[1].Value.Split(' '));
            }
            else
            {
                Run(line.Replace("127.0.0.1:50051", server?.GrpcAddress, StringComparison.Ordinal));
            }
        }

        server!.Dispose();
        Assert.Equal(["lora-train", "lora-merge", "lora-serve", "lora-score", "lora-compare"],
            lines.Select(line => line.Split(' ')[0]["bin/".Length..]).Distinct());
        foreach (var written in (string[])["runs/lora/adapter/adapter_model.safetensors", "onnx/lora/model.onnx", "scored.parquet", "report.html"])
        {
            Assert.True(File.Exists(Path.Combine(_clone.Path, written)), $"{written} was not written.");
        }
    }

    /// <summary>What else stands in README's blocks is run by .ci/run, or needs a GPU.</summary>
    [Fact]
    public void The_other_commands_of_README_are_those_of_CI()
    {
        var ci = File.ReadAllText(Repository.Path(".ci", "run"));

        foreach (var command in Document.CommandsIn("README.md").Where(command => CommandWord().IsMatch(command)))
        {
            Assert.True(ci.Contains(command, StringComparison.Ordinal) || command == "dotnet build -p:Accelerator=cuda", $"nothing runs: {command}");
        }
    }

    public static TheoryData<string> Documents => [.. Document.All];

    /// <summary>In blocks and in the text.</summary>
    [Theory]
    [MemberData(nameof(Documents))]
    public void Documents_name_options_that_the_programs_have(string document)
    {
        var unknown = Document.ProgramCallsIn(document)
            .SelectMany(call => call.Options.Except(ProgramHelp.OptionsOf(call.Program)).Select(option => $"{call.Program} {option}"));

        Assert.Empty(unknown);
    }

    private void LikeAClone()
    {
        Directory.CreateDirectory(Path.Combine(_clone.Path, "models"));
        Directory.CreateSymbolicLink(Path.Combine(_clone.Path, "models", "demo"), _model.Checkpoint);
        foreach (var folder in (string[])["bin", "samples"])
        {
            Directory.CreateSymbolicLink(Path.Combine(_clone.Path, folder), Repository.Path(folder));
        }

        Directory.CreateDirectory(Path.Combine(_clone.Path, "path", "to"));
        Directory.CreateSymbolicLink(Path.Combine(_clone.Path, "path", "to", "peft-adapter"), Path.Combine(_clone.Path, "runs", "lora", "adapter"));
    }

    /// <summary>The base's own file and the runs of two customers.</summary>
    private void WhatTheReaderHas()
    {
        if (!Directory.Exists(Path.Combine(_clone.Path, "onnx", "raw")))
        {
            Run("bin/lora-merge --model models/demo --out onnx/raw/model.onnx");
            Directory.CreateSymbolicLink(Path.Combine(_clone.Path, "runs", "acme"), Path.Combine(_clone.Path, "runs", "lora"));
            Directory.CreateSymbolicLink(Path.Combine(_clone.Path, "runs", "zen"), Path.Combine(_clone.Path, "runs", "lora"));
        }
    }

    private void Run(string line)
    {
        using var shell = Command.Start("/bin/sh", ["-c", line], folder: _clone.Path);
        var output = shell.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = shell.StandardError.ReadToEnd();
        shell.WaitForExit();
        Assert.True(shell.ExitCode == 0, $"{line}: exit {shell.ExitCode}\n{output.Result}\n{error}");
    }

    [GeneratedRegex(@"^bin/lora-serve (--[^#]*[^# ])")]
    private static partial Regex Serve();

    [GeneratedRegex(@"^(\./|dotnet )")]
    private static partial Regex CommandWord();
}
