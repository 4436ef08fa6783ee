namespace LoraOnnx.Serving;

/// <summary>Everything the server logs, in one list. No message holds a user's text except <see cref="PredictedText"/>, which has its own
/// option.</summary>
internal static partial class ServingLog
{
    [LoggerMessage(1, LogLevel.Information, "Model {Model} was swapped from version {Old} to {New}.")]
    public static partial void Swapped(ILogger logger, string model, string old, string @new);

    [LoggerMessage(2, LogLevel.Error, "Model {Model} was not put into service: {Reason}")]
    public static partial void LoadFailed(ILogger logger, string model, string reason);

    [LoggerMessage(3, LogLevel.Information, "Model {Model} version {Version} was unloaded to save memory.")]
    public static partial void Evicted(ILogger logger, string model, string version);

    [LoggerMessage(4, LogLevel.Error, "Model {Model} version {Version} could not answer: {Reason}")]
    public static partial void EngineFailed(ILogger logger, string model, string version, string? reason);

    [LoggerMessage(5, LogLevel.Information, "{Line}")]
    public static partial void Engine(ILogger logger, string line);

    [LoggerMessage(6, LogLevel.Information, "Predicted {Label} with {Model} {Version} for '{Caller}': {Tokens} tokens, {TotalMicroseconds} us.")]
    public static partial void Predicted(
        ILogger logger, string label, string model, string version, string caller, uint tokens, ulong totalMicroseconds);

    [LoggerMessage(7, LogLevel.Information,
        "Predicted {Label} with {Model} {Version} for '{Caller}': {Tokens} tokens, {TotalMicroseconds} us. Text: {Text}")]
    public static partial void PredictedText(
        ILogger logger, string label, string model, string version, string caller, uint tokens, ulong totalMicroseconds, string text);

    [LoggerMessage(8, LogLevel.Information, "Draining: no new calls, {Seconds} s for those that run.")]
    public static partial void Draining(ILogger logger, double seconds);

    [LoggerMessage(9, LogLevel.Warning, "The drain time is over; {Calls} calls are cut off.")]
    public static partial void DrainTimedOut(ILogger logger, int calls);

    [LoggerMessage(10, LogLevel.Information, "{File} was read again.")]
    public static partial void Reloaded(ILogger logger, string file);

    [LoggerMessage(11, LogLevel.Error, "{File} changed and is not usable; the old content stays in force: {Reason}")]
    public static partial void ReloadFailed(ILogger logger, string file, string reason);

    [LoggerMessage(12, LogLevel.Warning,
        "All {Connections} connections that the limit of open files (nofile) allows are in use; those idle longest make room.")]
    public static partial void ConnectionsFull(ILogger logger, int connections);

    [LoggerMessage(13, LogLevel.Error, "{Problem} What is wrong opens nothing; the other keys hold.")]
    public static partial void KeysWrong(ILogger logger, string problem);

    [LoggerMessage(14, LogLevel.Information, "Administrative call {Path} by '{Caller}'.")]
    public static partial void Administered(ILogger logger, string path, string caller);

    [LoggerMessage(15, LogLevel.Error, "A look for changed model files failed; the watch goes on: {Reason}")]
    public static partial void LookFailed(ILogger logger, string reason);

    [LoggerMessage(16, LogLevel.Warning, "{Variable} is '{Value}', which is no http or https URL: telemetry is not sent.")]
    public static partial void TelemetryUnusable(ILogger logger, string variable, string value);

    [LoggerMessage(17, LogLevel.Warning, "Telemetry does not arrive; this is said once: {Reason}")]
    public static partial void TelemetryFailed(ILogger logger, string reason);
}
