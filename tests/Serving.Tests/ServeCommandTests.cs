using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace LoraOnnx.Serving.Tests;

public sealed class ServeCommandTests(DemoOnnx demo)
{
    private static readonly string _program = Repository.Path("bin", "lora-serve");

    [Fact]
    public void A_missing_model_is_a_short_error() =>
        FailsShortly(Command.Run(_program, ["--model", "/no/such/model", "--grpc-port", "0", "--http-port", "0"]), "no such file or directory");

    [Fact]
    public void No_model_is_a_short_error() => FailsShortly(Command.Run(_program, []), "no model to serve");

    [Fact]
    public void A_port_in_use_is_a_short_error()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        FailsShortly(Command.Run(_program, ["--model", demo.Path, "--device", "cpu", "--grpc-port", $"{port}", "--http-port", "0"]), $"{port}");
    }

    [Fact]
    public void A_server_that_is_not_there_is_a_short_error() =>
        FailsShortly(Command.Run(_program, ["predict", "--address", "127.0.0.1:1", "good"]), "no server answers at 127.0.0.1:1");

    [Fact]
    public async Task SIGTERM_ends_the_server_with_143_after_it_answered()
    {
        using var server = Command.Start(_program, ["--model", $"sentiment={demo.Path}", "--device", "cpu", "--grpc-port", "0", "--http-port", "0"]);
        try
        {
            var address = "";
            while (address.Length == 0 && await server.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
            {
                address = Regex.Match(line, "^listening: grpc ([0-9.]+:[0-9]+)$").Groups[1].Value;
            }

            Assert.NotEmpty(address);
            var answers = await Task.Run(() => Command.Run(_program, ["predict", "--address", address, "-"], input: "a wonderful film\na terrible film\n"), TestContext.Current.CancellationToken);
            Assert.True(answers.ExitCode == 0, answers.ToString());
            Assert.Equal(["POSITIVE", "NEGATIVE"], answers.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')[0]));
            using var kill = Command.Start("kill", ["-TERM", $"{server.Id}"]);
            await server.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

            Assert.Equal(143, server.ExitCode);
        }
        finally
        {
            if (!server.HasExited)
            {
                server.Kill();
            }
        }
    }

    private static void FailsShortly(CommandResult result, string part)
    {
        Assert.True(result.ExitCode == 1, result.ToString());
        Assert.Contains(part, result.Error, StringComparison.Ordinal);
        Assert.InRange(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length, 1, 3);
    }
}
