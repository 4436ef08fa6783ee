using System.Diagnostics.Tracing;

namespace LoraOnnx.Serving.Telemetry;

/// <summary>Says once that telemetry does not arrive; OpenTelemetry itself tells nobody.</summary>
internal sealed class ExportFailures : EventListener
{
    private const string OtlpExporter = "OpenTelemetry-Exporter-OpenTelemetryProtocol";

    private readonly ILogger<ExportFailures>? _logger; // the base class calls back before it is set
    private int _told;

    public ExportFailures(ILogger<ExportFailures> logger)
    {
        _logger = logger;
        foreach (var source in EventSource.GetSources())
        {
            OnEventSourceCreated(source);
        }
    }

    /// <summary>An endpoint that cannot be used at all.</summary>
    public void Unusable(string variable, string value)
    {
        if (_logger is not null && Interlocked.Exchange(ref _told, 1) == 0)
        {
            ServingLog.TelemetryUnusable(_logger, variable, value);
        }
    }

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        ArgumentNullException.ThrowIfNull(eventSource);
        if (eventSource.Name == OtlpExporter)
        {
            EnableEvents(eventSource, EventLevel.Warning);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        ArgumentNullException.ThrowIfNull(eventData);
        if (_logger is not null && eventData.EventSource.Name == OtlpExporter && Interlocked.Exchange(ref _told, 1) == 0)
        {
            var reason = string.Join(" ", eventData.Payload ?? new([])).Split('\n')[0].Trim();
            ServingLog.TelemetryFailed(_logger, reason);
        }
    }
}
