using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace LoraOnnx.Benchmarks.Serving;

/// <summary>lora-serve as a process of its own, on free loopback ports.</summary>
internal sealed partial class ServerUnderTest : IDisposable
{
    private readonly Process _process;

    private ServerUnderTest(Process process, string address, int batchTokens)
    {
        _process = process;
        Address = address;
        BatchTokens = batchTokens;
    }

    public string Address { get; }

    /// <summary>The budget that the server tuned at warm-up.</summary>
    public int BatchTokens { get; }

    /// <summary>Resident memory in bytes.</summary>
    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public static ServerUnderTest Start(string model, params string[] options)
    {
        var start = new ProcessStartInfo(Path.Combine(CheckoutRoot.Path, "bin", "lora-serve"), ["--model", model, "--device", "cpu", "--grpc-port", "0", "--http-port", "0", .. options]) { RedirectStandardOutput = true };
        var process = Process.Start(start)!; // a file with a path always gives a process
        var batchTokens = 0;
        while (process.StandardOutput.ReadLine() is { } line)
        {
            if (BudgetPart().Match(line) is { Success: true } budget)
            {
                batchTokens = int.Parse(budget.Groups[1].Value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
            }

            if (AddressPart().Match(line) is { Success: true } address)
            {
                return new ServerUnderTest(process, address.Groups[1].Value, batchTokens);
            }
        }

        throw new InvalidOperationException("lora-serve did not start.");
    }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }

    [GeneratedRegex(@"batches of ([0-9,]+);")]
    private static partial Regex BudgetPart();

    [GeneratedRegex(@"^listening: grpc (\S+)")]
    private static partial Regex AddressPart();
}
