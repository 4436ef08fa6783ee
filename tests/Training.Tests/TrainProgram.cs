using System.Diagnostics;

namespace LoraOnnx.Training.Tests;

/// <summary>lora-train itself, not the script of bin/ that starts it.</summary>
internal static class TrainProgram
{
    public static string Path => Repository.Path("artifacts", "bin", "LoraOnnx.Training", "release", "lora-train");

    /// <summary>Runs it until a moment comes that the test waits for, and kills it there.</summary>
    public static void KillWhen(Func<bool> moment, string[] arguments)
    {
        using var process = Command.Start(Path, arguments);
        _ = process.StandardOutput.ReadToEndAsync();
        _ = process.StandardError.ReadToEndAsync();
        var clock = Stopwatch.StartNew();
        while (!moment())
        {
            Assert.False(process.HasExited, "The runs ended before they could be killed.");
            Assert.True(clock.Elapsed < TimeSpan.FromMinutes(2), "The moment did not come.");
            Thread.Sleep(1);
        }

        process.Kill();
        process.WaitForExit();
    }
}
