using System.CommandLine;
using LoraOnnx.CommandLine;
using LoraOnnx.Serving.Models;
using LoraOnnx.Serving.Security;

namespace LoraOnnx.Serving;

/// <summary><c>lora-serve</c>: serves models until it is told to stop.</summary>
internal static class ServeCommand
{
    /// <summary>How --help is arranged.</summary>
    public static CommandHelp Help { get; } = new(
        ["lora-serve --model sentiment=onnx/lora", "lora-serve --models /srv/models --watch-seconds 10 --api-keys keys.txt"],
        new HelpGroup("Models (--model or --models)", "--model", "--models", "--watch-seconds", "--memory-mib"),
        new HelpGroup("Adapters", "--adapter", "--head", "--adapters", "--loaded-adapters"),
        new HelpGroup("Where it listens", "--host", "--grpc-port", "--http-port"),
        new HelpGroup("Who may call", [.. AccessSchemes.Arguments().SelectMany(scheme => scheme.Options).Select(option => option.Name),
            "--tls-cert", "--tls-key", "--client-ca", "--cors-allow-origin"]),
        new HelpGroup("Batches and limits", "--latency-target-ms", "--batch-tokens", "--queue-tokens", "--cache-mib", "--max-text-chars",
            "--max-batch-texts", "--max-message-mib", "--drain-seconds"),
        new HelpGroup("Logs", "--log-calls", "--log-texts", "--log-format"),
        new HelpGroup("Machine", "--device", "--precision", "--workers", "--threads"));

    public static RootCommand Create()
    {
        var options = new ServeCommandOptions();
        var root = new RootCommand(
            "Serves text classifiers over gRPC (lora_onnx.v1, tei.v1, KServe v2; health, reflection) and HTTP (REST, a page at /, /metrics). "
            + "Nothing listens before every model has run once and passed its self-test. SIGTERM and Ctrl+C drain: exit code 143 or 130.");
        options.AddTo(root);
        root.SetAction((parsed, cancellationToken) => RunAsync(options.Read(parsed), cancellationToken));
        return root;
    }

    private static async Task<int> RunAsync(ServingOptions options, CancellationToken cancellationToken)
    {
        await using var host = await ServingHost.StartAsync(options, engine: null, cancellationToken);
        foreach (var (model, path, _) in host.Catalog.Models)
        {
            VisibleLines.Answer(Describe(model, path));
        }

        VisibleLines.Answer($"listening: grpc {host.GrpcAddress}{(options.TlsCertificate is null ? "" : " (TLS)")}");
        VisibleLines.Answer($"listening: {(options.TlsCertificate is null ? "http" : "https")}://{host.HttpAddress}/");
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, host.Stopping);
        try
        {
            await Task.Delay(Timeout.Infinite, ends.Token);
        }
        catch (OperationCanceledException)
        {
            // The way a server ends.
        }

        await host.StopAsync();
        return ExitCode.Success;
    }

    private static string Describe(ServedModel model, string path) => string.Create(System.Globalization.CultureInfo.InvariantCulture,
        $"model {model.Name} version {model.Version}: {string.Join(", ", model.Description.Task.Labels.Take(8))}; up to "
            + $"{model.Description.MaxTokens} tokens; "
        + $"{model.Work.TokensPerSecond:n0} tokens/s, batches of {model.Work.BatchTokens:n0}; {path}");
}
