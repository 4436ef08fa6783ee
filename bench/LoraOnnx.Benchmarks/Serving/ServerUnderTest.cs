using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace LoraOnnx.Benchmarks.Serving;

/// <summary>lora-serve as a process of its own, on free loopback ports.</summary>
internal sealed partial class ServerUnderTest : IDisposable
{
    private readonly Process _process;
    private readonly HttpClient _http;

    private ServerUnderTest(Process process, string address, string httpAddress)
    {
        _process = process;
        Address = address;
        _http = new HttpClient { BaseAddress = new Uri(httpAddress) };
    }

    /// <summary>Where it listens for gRPC.</summary>
    public string Address { get; }

    /// <summary>Where it listens for HTTP.</summary>
    public Uri HttpAddress => _http.BaseAddress!; // made with one

    /// <summary>Resident memory in bytes.</summary>
    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Returns when the server listens.</summary>
    /// <param name="model">An ONNX directory.</param>
    /// <param name="program">The server's program; null: what is built in this checkout.</param>
    /// <param name="device">Its <c>--device</c>.</param>
    public static ServerUnderTest Start(string model, string? program = null, string device = "cpu")
    {
        var start = new ProcessStartInfo(
            program ?? Path.Combine(CheckoutRoot.Path, "bin", "lora-serve"),
            ["--model", model, "--device", device, "--grpc-port", "0", "--http-port", "0"])
        { RedirectStandardOutput = true };
        var process = Process.Start(start)!; // a file with a path always gives a process
        var address = "";
        while (process.StandardOutput.ReadLine() is { } line)
        {
            if (GrpcLine().Match(line) is { Success: true } grpc)
            {
                address = grpc.Groups[1].Value;
            }

            if (HttpLine().Match(line) is { Success: true } http)
            {
                return new ServerUnderTest(process, address, http.Groups[1].Value);
            }
        }

        throw new InvalidOperationException("lora-serve did not start.");
    }

    /// <summary>The budget of a batch, which the server keeps up to date with its speed.</summary>
    public async Task<int> BatchTokensAsync()
    {
        using var information = JsonDocument.Parse(await _http.GetStringAsync("info"));
        return information.RootElement.GetProperty("max_batch_tokens").GetInt32();
    }

    public void Dispose()
    {
        _http.Dispose();
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }

    [GeneratedRegex(@"^listening: grpc (\S+)")]
    private static partial Regex GrpcLine();

    [GeneratedRegex(@"^listening: (http\S+)")]
    private static partial Regex HttpLine();
}
