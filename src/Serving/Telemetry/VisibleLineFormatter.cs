using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace LoraOnnx.Serving.Telemetry;

/// <summary>
/// One line an event: time, level, category, message. Names, texts and errors in it come from strangers, so that the whole line is escaped
/// (<see cref="VisibleText"/>), whoever logs; only a text that <c>--log-texts</c> asks for is longer than a few hundred characters.
/// </summary>
internal sealed class VisibleLineFormatter(TimeProvider clock) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "visible-lines";

    /// <summary>A text of 512 tokens has some 3,000 characters.</summary>
    private const int MostCharacters = 16 << 10;

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var level = logEntry.LogLevel switch
        {
            LogLevel.Trace => "trce",
            LogLevel.Debug => "dbug",
            LogLevel.Information => "info",
            LogLevel.Warning => "warn",
            LogLevel.Error => "fail",
            _ => "crit",
        };
        var message = logEntry.Formatter(logEntry.State, logEntry.Exception);
        var line = logEntry.Exception is { } failure ? $"{message} {failure}" : message;
        textWriter.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{clock.GetLocalNow():HH:mm:ss} {level}: {logEntry.Category}[{logEntry.EventId.Id}] {VisibleText.Of(OneLine(line), MostCharacters)}"));
    }

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}
