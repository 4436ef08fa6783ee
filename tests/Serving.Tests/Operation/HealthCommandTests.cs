using LoraOnnx.Serving.Tests.Support;

namespace LoraOnnx.Serving.Tests.Operation;

/// <summary>lora-serve health, as a container's own probe calls it.</summary>
public sealed class HealthCommandTests(DemoOnnx demo)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_server_that_is_ready_is_exit_code_0_with_TLS_or_without(bool tls)
    {
        using var certificates = new TestCertificates();
        using var folder = new TemporaryFolder();
        string[] security = tls ? ["--tls-cert", folder.Write("tls.pem", certificates.Sign("classifier.example", forClient: false))] : [];
        using var server = await ServerProcess.StartAsync(["--model", demo.Path, .. security]);

        var plain = Health(server.HttpAddress.Authority);
        var withScheme = Health(server.HttpAddress.ToString());
        var grpc = Health(server.GrpcAddress);

        Assert.Equal((0, "ready\n"), (plain.ExitCode, plain.Output));
        Assert.Equal((0, "ready\n"), (withScheme.ExitCode, withScheme.Output));
        Assert.True(grpc.ExitCode == 1 && grpc.Error.StartsWith("error: ", StringComparison.Ordinal), grpc.ToString());
    }

    [Theory]
    [InlineData("127.0.0.1:1", "error: no server answers at 127.0.0.1:1: Connection refused")]
    [InlineData("nonsense/path", "error: --address 'nonsense/path' is not HOST:PORT.")]
    [InlineData("ftp://127.0.0.1:1", "error: --address 'ftp://127.0.0.1:1' is not HOST:PORT.")]
    public void What_is_no_server_is_exit_code_1(string address, string expected)
    {
        var result = Health(address);

        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith(expected, result.Error, StringComparison.Ordinal);
    }

    private static CommandResult Health(string address) => Command.Run(ServerProcess.Program, ["health", "--address", address, "--timeout", "30"]);
}
