using Microsoft.Extensions.Logging;

namespace LoraOnnx;

internal static partial class ClassifierLog
{
    [LoggerMessage(1, LogLevel.Information, "{Line}")]
    public static partial void Choice(ILogger logger, string line);
}
