using System.CommandLine;
using System.Net;
using System.Net.Security;
using LoraOnnx.CommandLine;

namespace LoraOnnx.Serving;

/// <summary><c>lora-serve health</c>: whether a running server is ready, as an exit code. A container that has no shell and no curl probes itself
/// with it.</summary>
internal static class HealthCommand
{
    /// <summary>How --help is arranged.</summary>
    public static CommandHelp Help { get; } = new(
        ["lora-serve health", "lora-serve health --address https://127.0.0.1:8080"], new HelpGroup("Server", "--address", "--timeout"));

    public static Command Create()
    {
        var defaults = new ServingOptions();
        var address = new Option<string>("--address")
        {
            Description = "Where the server listens for HTTP: HOST:PORT, with http:// or https:// before it where only one of them is to be tried. "
                + "The certificate of a server on loopback is not checked.",
            HelpName = "HOST:PORT",
            DefaultValueFactory = _ => $"{IPAddress.Loopback}:{defaults.HttpPort}",
        };
        var timeout = new Option<double>("--timeout") { Description = "Seconds to wait for the answer.", DefaultValueFactory = _ => 3 };
        var command = new Command("health", "Asks a running server whether it is ready: exit code 0, or 1 with the reason.") { address, timeout };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var candidates = Candidates(parsed.GetRequiredValue(address));
            using var client = ClientFor(parsed.GetValue(timeout));
            await CheckAsync(client, candidates, cancellationToken);
            VisibleLines.Answer("ready");
            return ExitCode.Success;
        });
        return command;
    }

    /// <summary>A port speaks either HTTP or TLS: without a scheme both are tried.</summary>
    private static Uri[] Candidates(string address)
    {
        string[] texts = address.Contains("://", StringComparison.Ordinal) ? [address] : [$"http://{address}", $"https://{address}"];
        return [.. texts.Select(text =>
            Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.PathAndQuery == "/"
            ? new Uri(uri, "/health/ready")
            : throw new InputException($"--address '{address}' is not HOST:PORT."))];
    }

    private static HttpClient ClientFor(double seconds)
    {
        if (seconds is not (> 0 and <= 3600))
        {
            throw new InputException($"--timeout is {seconds}, expected more than 0 and at most 3600 seconds.");
        }

        var handler = new SocketsHttpHandler { UseProxy = false };
        handler.SslOptions.RemoteCertificateValidationCallback = (sender, _, _, errors) => errors == SslPolicyErrors.None || IsLoopback(sender);
        return new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(seconds) };
    }

    /// <summary>A certificate names the service, not 127.0.0.1; and nothing is said that a stranger on this machine could not say.</summary>
    private static bool IsLoopback(object sender) => sender is SslStream { TargetHostName: var host }
        && (host == "localhost" || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address)));

    private static async Task CheckAsync(HttpClient client, Uri[] candidates, CancellationToken cancellationToken)
    {
        Exception? failure = null;
        foreach (var uri in candidates)
        {
            try
            {
                using var response = await client.GetAsync(uri, cancellationToken);
                if (response.IsSuccessStatusCode)
                {
                    return;
                }

                throw new InputException($"{uri.Authority} is not ready: it answers {(int)response.StatusCode} {response.StatusCode}.");
            }
            catch (HttpRequestException next)
            {
                failure ??= next;
            }
            catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
            {
                throw new InputException($"{uri.Authority} did not answer within {client.Timeout.TotalSeconds:g} seconds.", inner: late);
            }
        }

        throw new InputException($"no server answers at {candidates[0].Authority}: {failure?.GetBaseException().Message}",
            "start one with lora-serve, or give --address its port for HTTP, which it prints at start.", failure);
    }
}
