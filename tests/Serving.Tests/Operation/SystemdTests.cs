using System.Net.Sockets;
using System.Text;

namespace LoraOnnx.Serving.Tests.Operation;

/// <summary>What systemd hears of a unit of Type=notify.</summary>
public sealed class SystemdTests(DemoOnnx demo)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Started_means_serving_and_SIGTERM_is_told_before_the_end()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "notify");
        using var systemd = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        systemd.Bind(new UnixDomainSocketEndPoint(path));
        var starting = ServerProcess.StartAsync(
            new Surroundings(Environment: new Dictionary<string, string> { ["NOTIFY_SOCKET"] = path }), "--model", $"demo={demo.Path}");

        var first = await HearAsync(systemd);
        using var server = await starting;
        using var http = new HttpClient();
        var ready = await http.GetAsync(new Uri(server.HttpAddress, "/health/ready"), Cancel);
        var exitCode = await server.EndAsync("TERM");
        var second = await HearAsync(systemd);

        Assert.Equal("READY=1", first);
        Assert.True(ready.IsSuccessStatusCode);
        Assert.Equal("STOPPING=1", second);
        Assert.Equal(143, exitCode);
    }

    [Fact]
    public async Task A_server_that_cannot_start_never_says_that_it_did()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "notify");
        using var systemd = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        systemd.Bind(new UnixDomainSocketEndPoint(path));

        using var process = ServerProcess.Start(new Surroundings(Environment: new Dictionary<string, string> { ["NOTIFY_SOCKET"] = path }),
            "--model", Path.Combine(folder.Path, "none"));
        await process.WaitForExitAsync(Cancel);

        Assert.Equal(1, process.ExitCode);
        Assert.Equal(0, systemd.Available);
    }

    private static async Task<string> HearAsync(Socket systemd)
    {
        var buffer = new byte[512];
        var length = await systemd.ReceiveAsync(buffer, SocketFlags.None, Cancel);
        return Encoding.UTF8.GetString(buffer, 0, length).TrimEnd('\n');
    }
}
