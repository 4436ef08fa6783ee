using Spectre.Console;

namespace LoraOnnx.Training.Display;

/// <summary>Which display fits standard error.</summary>
internal static class Displays
{
    public static ITrainingDisplay ForStandardError()
    {
        if (Console.IsErrorRedirected)
        {
            return new PlainDisplay(Console.Error);
        }

        var isColourless = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        return new LiveDisplay(AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(Console.Error),
            ColorSystem = isColourless ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
        }), TimeProvider.System);
    }
}
