using LoraOnnx.Serving.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LoraOnnx.Serving.Tests.Operation;

public sealed class LogLineTests
{
    [Fact]
    public void Whatever_a_name_or_an_error_holds_an_event_is_one_line_that_steers_no_terminal()
    {
        using var output = new StringWriter();
        var entry = new LogEntry<string>(LogLevel.Error, "Any.Room", new EventId(7), "model '\u001b[2J\a\r\nfake: info\u202E' is new",
            new InvalidOperationException("\u001b]0;title"), (state, _) => state);

        new VisibleLineFormatter(TimeProvider.System).Write(entry, null, output);

        var line = output.ToString();
        Assert.Equal(1, line.Count(character => character == '\n'));
        Assert.DoesNotContain(line.TrimEnd('\n'), character => char.IsControl(character) || character == '\u202E');
        Assert.Contains(@"model '\u001B[2J\u0007 fake: info\u202E' is new", line, StringComparison.Ordinal);
        Assert.Contains(@"\u001B]0;title", line, StringComparison.Ordinal);
    }
}
