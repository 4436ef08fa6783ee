using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace LoraOnnx.Serving.Tests.Operation;

/// <summary>What lies about where the server starts opens no port and changes nothing.</summary>
public sealed class AmbientConfigurationTests(DemoOnnx demo)
{
    [Fact]
    public async Task Neither_appsettings_nor_variables_open_a_port()
    {
        Requirement.SkipUnless(OperatingSystem.IsLinux(), "sockets are looked up in /proc.");
        using var folder = new TemporaryFolder();
        int[] ports = [FreePort(), FreePort(), FreePort(), FreePort(), FreePort()];
        var settings = new
        {
            Urls = $"http://*:{ports[0]}",
            Kestrel = new { Endpoints = new { More = new { Url = $"http://*:{ports[1]}" } } },
        };
        foreach (var name in (string[])["appsettings.json", "appsettings.Development.json", "lora-serve.settings.json"])
        {
            folder.Write(name, JsonSerializer.Serialize(settings));
        }

        var variables = new Dictionary<string, string>
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["ASPNETCORE_URLS"] = $"http://*:{ports[2]}",
            ["DOTNET_URLS"] = $"http://*:{ports[2]}",
            ["ASPNETCORE_HTTP_PORTS"] = $"{ports[3]}",
            ["URLS"] = $"http://*:{ports[3]}",
            ["Kestrel__Endpoints__More__Url"] = $"http://*:{ports[4]}",
            ["ASPNETCORE_Kestrel__Endpoints__More__Url"] = $"http://*:{ports[4]}",
            ["ASPNETCORE_FORWARDEDHEADERS_ENABLED"] = "true",
        };
        using var server = await ServerProcess.StartAsync(new Surroundings(Folder: folder.Path, Environment: variables), "--model", demo.Path);

        Assert.Equal(
            new[] { server.GrpcAddress, $"127.0.0.1:{server.HttpAddress.Port}" }.Order(),
            ListeningSockets(server.Id).Order());
    }

    [Theory]
    [InlineData("http://127.0.0.1:50051", "http://127.0.0.1:4711")]
    [InlineData("http://127.0.0.1:50051", "https://127.0.0.1:1")]
    public void The_addresses_that_were_asked_for_are_found(params string[] bound)
    {
        var addresses = Asked.Bound(bound);

        Assert.Equal((50051, new Uri(bound[1]).Port), (addresses.Grpc.Port, addresses.Http.Port));
    }

    [Theory]
    [InlineData("http://127.0.0.1:50051")]
    [InlineData("http://127.0.0.1:50051", "http://127.0.0.1:80", "http://127.0.0.1:81")]
    [InlineData("http://0.0.0.0:50051", "http://127.0.0.1:80")]
    [InlineData("http://127.0.0.1:50052", "http://127.0.0.1:80")]
    [InlineData("http://127.0.0.1:50051", "http://[::]:80")]
    public void Any_other_address_ends_the_server(params string[] bound)
    {
        var failure = Assert.Throws<InputException>(() => Asked.Bound(bound));

        Assert.StartsWith("listening on ", failure.Message, StringComparison.Ordinal);
        Assert.EndsWith(", asked for 127.0.0.1:50051 and 127.0.0.1:0.", failure.Message, StringComparison.Ordinal);
    }

    private static ListeningAddresses Asked => ListeningAddresses.Of(new ServingOptions { GrpcPort = 50051, HttpPort = 0 });

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port; // bound above
    }

    private static IEnumerable<string> ListeningSockets(int process)
    {
        const string Listening = "0A";
        var own = Directory.GetFiles($"/proc/{process}/fd").Select(link => new FileInfo(link).LinkTarget).ToHashSet();
        foreach (var table in (string[])["tcp", "tcp6"])
        {
            foreach (var line in File.ReadLines($"/proc/{process}/net/{table}").Skip(1))
            {
                var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (fields[3] == Listening && own.Contains($"socket:[{fields[9]}]"))
                {
                    var (address, port) = (fields[1].Split(':')[0],
                        int.Parse(fields[1].Split(':')[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                    yield return address == "0100007F" ? $"127.0.0.1:{port}" : $"{address}:{port}";
                }
            }
        }
    }
}
