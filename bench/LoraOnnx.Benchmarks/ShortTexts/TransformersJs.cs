using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace LoraOnnx.Benchmarks.ShortTexts;

/// <summary>transformers.js from npm, as the lock file of its test has it, on Node in a process of its own.</summary>
internal sealed class TransformersJs : IDisposable
{
    private readonly Process _node;

    public TransformersJs(string folder, string model)
    {
        Directory.CreateDirectory(folder);
        var source = Path.Combine(CheckoutRoot.Path, "tests", "EndToEnd.Tests", "Hub");
        foreach (var file in Directory.GetFiles(source, "package*.json")
            .Append(Path.Combine(CheckoutRoot.Path, "bench", "LoraOnnx.Benchmarks", "ShortTexts", "time.mjs")))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        }

        Succeed("npm", "ci", "--prefix", folder, "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund");
        _node = Process.Start(new ProcessStartInfo("node", [Path.Combine(folder, "time.mjs"), model])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!; // a name gives a process or throws
    }

    /// <summary>Milliseconds for a batch, tokenizing included.</summary>
    public double Milliseconds(IReadOnlyList<string> texts)
    {
        _node.StandardInput.WriteLine(JsonSerializer.Serialize(texts));
        _node.StandardInput.Flush();
        return double.Parse(_node.StandardOutput.ReadLine() ?? throw new InvalidOperationException("node has ended."), CultureInfo.InvariantCulture);
    }

    public void Dispose()
    {
        _node.Kill();
        _node.Dispose();
    }

    public static void Succeed(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} failed.");
        }
    }
}
