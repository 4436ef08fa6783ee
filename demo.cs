#!/usr/bin/env -S dotnet run
// Trains, merges, compares and serves the embedded model on the sample reviews: dotnet run demo.cs
// Needs the .NET SDK and nothing else; offline apart from packages. What it makes lies in artifacts/demo.
#:property PublishAot=false
using System.Diagnostics;

const string Out = "artifacts/demo";
string[] data = ["--train", "samples/reviews/train.jsonl", "--validation", "samples/reviews/validation.jsonl"];
Directory.SetCurrentDirectory((string)AppContext.GetData("EntryPointFileDirectoryPath")!); // the SDK says where a file that it runs lies

Say("Build");
Run("dotnet", "build", "--nologo", "--verbosity", "quiet");
var started = Stopwatch.StartNew();
if (Directory.Exists(Out))
{
    Directory.Delete(Out, recursive: true);
}

Say("Train a new head, then a LoRA adapter");
Run("lora-train", ["--model", "models/demo", .. data, "--method", "head", "--epochs", "15", "--out", $"{Out}/head"]);
Run("lora-train",
    ["--model", "models/demo", .. data, "--method", "lora", "--rank", "8", "--alpha", "16", "--epochs", "5", "--out", $"{Out}/lora"]);

Say("Merge: each ONNX file is proven equal before it gets its name");
Run("lora-merge", "--model", "models/demo", "--out", $"{Out}/onnx/raw/model.onnx");
Run("lora-merge", "--run", $"{Out}/head", "--out", $"{Out}/onnx/head/model.onnx");
Run("lora-merge", "--run", $"{Out}/lora", "--out", $"{Out}/onnx/lora/model.onnx");

Say("Compare on the test reviews");
Run("lora-compare", $"raw={Out}/onnx/raw", $"head={Out}/onnx/head", $"lora={Out}/onnx/lora", "--data", "samples/reviews/test.jsonl",
    "--out", $"{Out}/report.html");

Say("Serve the merged model and ask it");
var server = Start("lora-serve", ["--model", $"sentiment={Out}/onnx/lora", "--grpc-port", "0", "--http-port", "0"], readsOutput: true);
AppDomain.CurrentDomain.ProcessExit += (_, _) => End(server); // also when this is interrupted, or a program fails
var address = Address(server);
_ = server.StandardOutput.ReadToEndAsync(); // so that it never waits for a reader
Run("lora-serve", "predict", "--address", address, "A slow start, but the last act is wonderful.");
Run("lora-serve", "predict", "--address", address, "Two hours of my life that I will never get back.");
End(server);

Say($"Done in {started.Elapsed.TotalSeconds:f0} seconds after the build. Report: {Out}/report.html");

static void Say(string line)
{
    var isBold = !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
    Console.WriteLine(isBold ? $"\n\e[1m{line}\e[0m" : $"\n{line}");
}

static void Run(string program, params string[] arguments)
{
    using var process = Start(program, arguments);
    process.WaitForExit();
    if (process.ExitCode != 0)
    {
        Environment.Exit(process.ExitCode); // the program has said why
    }
}

static Process Start(string program, string[] arguments, bool readsOutput = false)
{
    var path = program == "dotnet" ? program : OperatingSystem.IsWindows() ? $@"bin\{program}.cmd" : $"bin/{program}";
    Console.WriteLine($"$ {path} {string.Join(' ', arguments.Select(argument => argument.Contains(' ') ? $"\"{argument}\"" : argument))}");
    return Process.Start(new ProcessStartInfo(path, arguments) { RedirectStandardOutput = readsOutput })!; // null: only of a shell's documents
}

static string Address(Process server)
{
    const string Listening = "listening: grpc ";
    while (server.StandardOutput.ReadLine() is { } line)
    {
        if (line.StartsWith(Listening, StringComparison.Ordinal))
        {
            return line[Listening.Length..];
        }
    }

    Console.Error.WriteLine("error: the server did not say where it listens.");
    Environment.Exit(1);
    return "";
}

static void End(Process server)
{
    if (server.HasExited)
    {
        return;
    }

    if (OperatingSystem.IsWindows())
    {
        server.Kill(entireProcessTree: true);
    }
    else
    {
        using var asked = Process.Start("kill", $"-TERM {server.Id}");
    }

    server.WaitForExit();
}
