using LoraOnnx.Training.Display;
using Spectre.Console;

namespace LoraOnnx.Training.Tests.Display;

public sealed class LiveDisplayTests : IDisposable
{
    private readonly StringWriter _screen = new() { NewLine = "\n" };
    private readonly Training.Display.LiveDisplay _display;

    public LiveDisplayTests() => _display = new Training.Display.LiveDisplay(AnsiConsole.Create(new AnsiConsoleSettings
    {
        Ansi = AnsiSupport.Yes,
        ColorSystem = ColorSystemSupport.NoColors,
        Interactive = InteractionSupport.Yes,
        Out = new AnsiConsoleOutput(_screen),
    }), new StoppedClock());

    public void Dispose() => _screen.Dispose();

    [Fact]
    public void The_line_of_a_preparation_is_written_over()
    {
        _display.Preparing("features", 0.05, TimeSpan.FromSeconds(95));
        _display.Preparing("features", 1, TimeSpan.Zero);
        _display.Note("done");

        Assert.Equal("\rfeatures: 5 %, 1 min 35 s left\rfeatures: 100 %               \r                              \rdone\n", _screen.ToString());
    }

    [Fact]
    public void Steps_that_follow_at_once_are_not_drawn_but_for_the_last()
    {
        const int Steps = 1000;

        _display.While(() =>
        {
            for (var step = 1; step <= Steps; step++)
            {
                _display.Step(View(step, Steps));
            }
        });

        Assert.Contains("step 1/1000", _screen.ToString(), StringComparison.Ordinal);
        Assert.Contains("step 1000/1000", _screen.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("step 2/1000", _screen.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_bar_can_be_read_without_colours()
    {
        _display.While(() => _display.Step(View(1, 4)));

        Assert.Contains($"{new string('━', 10)}{new string('─', 30)}", _screen.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Everything happens at once.</summary>
    private sealed class StoppedClock : TimeProvider
    {
        public override long GetTimestamp() => 1;
    }

    private static StepView View(int step, int steps) => new()
    {
        Phase = "head",
        Epoch = 0,
        Epochs = 1,
        Step = step,
        Steps = steps,
        Loss = 1,
        LearningRate = 1,
        TokensPerSecond = 1,
        TimeLeft = TimeSpan.Zero,
    };
}
