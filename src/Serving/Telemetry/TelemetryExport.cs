using OpenTelemetry.Exporter;

namespace LoraOnnx.Serving.Telemetry;

/// <summary>Where one signal (traces, metrics) goes by OTLP, from OpenTelemetry's variables: those of the signal win over the general ones.</summary>
internal sealed class TelemetryExport
{
    private readonly string _signal;
    private readonly Uri? _ownEndpoint;

    private TelemetryExport(string signal, Uri? ownEndpoint) => (_signal, _ownEndpoint) = (signal, ownEndpoint);

    /// <summary>Null where the signal goes nowhere: nobody asked, or the endpoint is none.</summary>
    /// <param name="signal">TRACES or METRICS.</param>
    /// <param name="byGeneralEndpoint">Whether OTEL_EXPORTER_OTLP_ENDPOINT is enough; metrics stand at /metrics, and are sent only when asked for by
    /// name.</param>
    /// <param name="unusable">Hears of an endpoint that is not a URL.</param>
    public static TelemetryExport? For(string signal, bool byGeneralEndpoint, Action<string, string> unusable)
    {
        var ownName = $"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT";
        const string GeneralName = "OTEL_EXPORTER_OTLP_ENDPOINT";
        var (own, general) =
            (Environment.GetEnvironmentVariable(ownName), byGeneralEndpoint ? Environment.GetEnvironmentVariable(GeneralName) : null);
        var given = string.IsNullOrWhiteSpace(own) ? general : own;
        if (string.IsNullOrWhiteSpace(given) || Environment.GetEnvironmentVariable($"OTEL_{signal}_EXPORTER") == "none")
        {
            return null;
        }

        var isOwn = !string.IsNullOrWhiteSpace(own);
        if (!Uri.TryCreate(given, UriKind.Absolute, out var endpoint) || endpoint.Scheme is not ("http" or "https"))
        {
            unusable(isOwn ? ownName : GeneralName, given);
            return null;
        }

        return new TelemetryExport(signal, isOwn ? endpoint : null);
    }

    /// <summary>Sets what the exporter does not read of the signal's own variables; the general ones it has read.</summary>
    public void Apply(OtlpExporterOptions options)
    {
        options.Protocol = Own("PROTOCOL") switch
        {
            "http/protobuf" => OtlpExportProtocol.HttpProtobuf,
            "grpc" => OtlpExportProtocol.Grpc,
            _ => options.Protocol,
        };
        options.Headers = Own("HEADERS") ?? options.Headers;
        options.TimeoutMilliseconds = int.TryParse(Own("TIMEOUT"), out var timeout) && timeout > 0 ? timeout : options.TimeoutMilliseconds;
        if (_ownEndpoint is not null)
        {
            options.Endpoint = _ownEndpoint; // taken as it is: no path is added
        }
    }

    private string? Own(string what) => Environment.GetEnvironmentVariable($"OTEL_EXPORTER_OTLP_{_signal}_{what}") is { Length: > 0 } value
        ? value
        : null;
}
