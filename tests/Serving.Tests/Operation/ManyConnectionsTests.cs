using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using LoraOnnx.Client;

namespace LoraOnnx.Serving.Tests.Operation;

/// <summary>More connections than the process may have open files: 1,100 idle ones of at most 10 s against a limit of 1,024.</summary>
public sealed class ManyConnectionsTests(DemoOnnx demo)
{
    private const int Idle = 1_100;

    private static readonly Surroundings _fewFiles = new("ulimit -n 1024");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_server_survives_idle_connections_and_answers_new_and_old_clients(bool onHttpPort)
    {
        Requirement.SkipUnless(OperatingSystem.IsLinux(), "RLIMIT_NOFILE is set by bash, and looked up in /proc.");
        using var server = await ServerProcess.StartAsync(_fewFiles, "--model", $"sentiment={demo.Path}");
        using var early = new SentimentClient(server.GrpcAddress);
        await early.PredictAsync("before", PredictOptions.Default, Cancel);
        var port = onHttpPort ? server.HttpAddress.Port : IPEndPoint.Parse(server.GrpcAddress).Port;
        var idle = new List<Socket>();
        var watch = Stopwatch.StartNew();
        try
        {
            for (var number = 0; number < Idle; number++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                idle.Add(socket);
                await socket.ConnectAsync(IPAddress.Loopback, port, Cancel);
            }

            using var late = new SentimentClient(server.GrpcAddress);
            using var http = new HttpClient { BaseAddress = server.HttpAddress };
            var answers = new[] { await early.PredictAsync("old", PredictOptions.Default, Cancel),
                await late.PredictAsync("new", PredictOptions.Default, Cancel) };
            var ready = await http.GetAsync("health/ready", Cancel);

            Assert.All(answers, answer => Assert.Equal("sentiment", answer.Model));
            Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
            var descriptors = Directory.GetFiles($"/proc/{server.Id}/fd").Length;
            using var process = Process.GetProcessById(server.Id);
            TestContext.Current.TestOutputHelper?.WriteLine(
                $"{Idle} idle connections: {descriptors} descriptors, {process.WorkingSet64 >> 20} MiB, {watch.Elapsed.TotalSeconds:0.0} s");
            Assert.InRange(descriptors, 256, 1_000);
        }
        finally
        {
            idle.ForEach(socket => socket.Dispose());
        }

        Assert.Equal(143, await server.EndAsync("TERM"));
    }

    [Fact]
    public async Task The_soft_limit_of_open_files_is_raised_to_the_hard_one()
    {
        Requirement.SkipUnless(OperatingSystem.IsLinux(), "RLIMIT_NOFILE is set by bash, and looked up in /proc.");
        using var server = await ServerProcess.StartAsync(new Surroundings("ulimit -Sn 400 && ulimit -Hn 2000"), "--model", demo.Path);

        var limits = (await File.ReadAllLinesAsync($"/proc/{server.Id}/limits", Cancel)).Single(line =>
            line.StartsWith("Max open files", StringComparison.Ordinal));

        Assert.Equal(["2000", "2000"], limits.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3..5]);
    }
}
