using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Grpc.Core;
using Grpc.Net.Client;
using LoraOnnx.Inference;
using LoraOnnx.V1;

namespace LoraOnnx.Serving.Tests.Operation;

/// <summary>
/// What a fault leaves behind in the memory of a real server. A heap grows a few times to the size that it works in; a leak grows in every block of
/// rounds, so the smallest growth of up to ten blocks counts.
/// </summary>
public sealed class FaultMemoryTests(DemoOnnx demo) : IDisposable
{
    private const int Rounds = 200;

    /// <summary>
    /// MiB that the resident memory may grow by in a block: the collector's own ups and downs. A leak of 64 KiB a round would be 13.
    /// </summary>
    private const double MostGrowth = 12;

    private static readonly byte[] _preface = [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, 0, 0, 0, 4, 0, 0, 0, 0, 0]; // and an empty SETTINGS frame
    private static readonly byte[] _startOfHeaders = [0, 0, 50, 1, 0, 0, 0, 0, 1, 0x83]; // HEADERS of 50 bytes, of which one comes

    private readonly string _directory = Directory.CreateTempSubdirectory("lora-serve-memory-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task No_fault_leaves_anything_in_memory()
    {
        foreach (var file in Directory.GetFiles(demo.Path))
        {
            File.Copy(file, Path.Combine(_directory, Path.GetFileName(file)));
        }

        // Garbage is collected early, on every machine alike: how late it is by default follows from the size of the processor's caches.
        var early = new Surroundings(Environment: new Dictionary<string, string> { ["DOTNET_GCgen0size"] = "0x400000" });
        using var server = await ServerProcess.StartAsync(early, "--model", $"demo={_directory}", "--device", "cpu");
        using var process = Process.GetProcessById(server.Id);
        using var channel = GrpcChannel.ForAddress($"http://{server.GrpcAddress}", new GrpcChannelOptions { MaxSendMessageSize = null });
        var client = new Sentiment.SentimentClient(channel);
        var report = new StringBuilder();
        var worst = 0.0;
        foreach (var (name, fault) in Faults(channel, int.Parse(server.GrpcAddress.Split(':')[1], CultureInfo.InvariantCulture)))
        {
            await RunAsync(fault, Rounds / 2); // to warm up
            var before = Resident(process);
            var growth = double.MaxValue;
            for (var block = 0; block < 10 && growth > MostGrowth; block++)
            {
                var start = Resident(process);
                await RunAsync(fault, Rounds);
                growth = Math.Min(growth, Resident(process) - start);
            }

            worst = Math.Max(worst, growth);
            report.AppendLine(CultureInfo.InvariantCulture, $"{name}: {growth:+0.0;-0.0} MiB on {before:0} MiB");
        }

        TestContext.Current.TestOutputHelper?.WriteLine(report.ToString());
        Assert.NotEmpty((await client.PredictAsync(new PredictRequest { Text = "still here" }, cancellationToken: Cancel)).Label);
        Assert.True(worst <= MostGrowth, $"at most {MostGrowth} MiB expected in {Rounds} rounds\n{report}");
    }

    private IEnumerable<(string Name, Func<int, Task> Fault)> Faults(GrpcChannel channel, int port)
    {
        var client = new Sentiment.SentimentClient(channel);
        var admin = new Admin.AdminClient(channel);
        var bytes = new Marshaller<byte[]>(message => message, message => message);
        var predict = new Method<byte[], byte[]>(MethodType.Unary, "lora_onnx.v1.Sentiment", "Predict", bytes, bytes);
        var invoker = channel.CreateCallInvoker();
        var long4 = string.Concat(Enumerable.Repeat("good ", (4 << 20) / 5));
        var model = Path.Combine(_directory, ModelFiles.Model);
        var half = File.ReadAllBytes(model)[..(1 << 20)];

        yield return ("cancelled calls and streams", async round =>
        {
            using var giveUp = new CancellationTokenSource();
            var unary = client.PredictAsync(new PredictRequest { Text = $"cancelled {round}" }, cancellationToken: giveUp.Token).ResponseAsync;
            using var stream = client.PredictStream(cancellationToken: giveUp.Token);
            await stream.RequestStream.WriteAsync(new PredictStreamRequest { Request = new PredictRequest { Text = $"x {round}" } }, Cancel);
            await giveUp.CancelAsync();
            await Task.WhenAny(unary);
        }
        );
        yield return ("half-open connections", async round =>
        {
            using var connection = new TcpClient();
            await connection.ConnectAsync("127.0.0.1", port, Cancel);
            await connection.GetStream().WriteAsync(round % 2 == 0 ? _preface : [.. _preface, .. _startOfHeaders], Cancel);
            connection.LingerState = new LingerOption(round % 3 == 0, 0); // RST instead of FIN
        }
        );
        yield return ("deadlines of 1 ms", round => FailAsync(() =>
            client.PredictAsync(new PredictRequest { Text = $"hurry {round}" }, deadline: DateTime.UtcNow.AddMilliseconds(1),
                cancellationToken: Cancel).ResponseAsync));
        yield return ("texts of 4 MB", _ =>
            FailAsync(() => client.PredictAsync(new PredictRequest { Text = long4 }, cancellationToken: Cancel).ResponseAsync));
        yield return ("text that is not UTF-8", _ =>
            FailAsync(() => invoker.AsyncUnaryCall(predict, null, default, [10, 2, 0xff, 0xfe]).ResponseAsync));
        yield return ("bytes that are no message", _ => FailAsync(() => invoker.AsyncUnaryCall(predict, null, default, [10, 200, 1]).ResponseAsync));
        yield return ("unknown enum values", round => FailAsync(() =>
            client.PredictAsync(new PredictRequest { Text = "x", Truncation = (Truncation)(5 + round) }, cancellationToken: Cancel).ResponseAsync));
        yield return ("garbage swapped in", async round =>
        {
            await File.WriteAllBytesAsync(model, round % 2 == 0 ? half : [1, 2, 3], Cancel);
            Assert.Equal(StatusCode.FailedPrecondition, (await Assert.ThrowsAsync<RpcException>(() =>
                admin.SwapModelAsync(new SwapModelRequest { Name = "demo" }, cancellationToken: Cancel).ResponseAsync)).StatusCode);
        }
        );
    }

    private static async Task RunAsync(Func<int, Task> fault, int rounds)
    {
        for (var round = 0; round < rounds; round++)
        {
            await fault(round);
        }
    }

    /// <summary>The server answers or refuses, as it likes.</summary>
    private static async Task FailAsync(Func<Task> call)
    {
        try
        {
            await call();
        }
        catch (RpcException failure)
        {
            Assert.NotEqual(StatusCode.Unavailable, failure.StatusCode);
        }
    }

    private static double Resident(Process process)
    {
        process.Refresh();
        return process.WorkingSet64 / 1048576.0;
    }
}
