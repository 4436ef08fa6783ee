using LoraOnnx.Model.Runs;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace LoraOnnx.Training.Display;

/// <summary>A bar and a line of figures that change in place; notes scroll above them.</summary>
internal sealed class LiveDisplay : ITrainingDisplay
{
    private const int BarWidth = 40;
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(0.1);
    private readonly IAnsiConsole _console;
    private readonly TimeProvider _clock;
    private LiveDisplayContext? _context;
    private int _preparing; // characters on the line of a preparation
    private long? _lastStep;

    public LiveDisplay(IAnsiConsole console, TimeProvider clock)
    {
        _console = console;
        _clock = clock;
    }

    public void Note(string line)
    {
        EndPreparing();
        _console.WriteLine(line);
    }

    public void Warn(string line)
    {
        EndPreparing();
        _console.MarkupLineInterpolated($"[yellow]warning:[/] {line}");
    }

    public void Preparing(string what, double share, TimeSpan left)
    {
        // Outside the live part: a line that is written over until a note takes its place.
        if (_context is null)
        {
            var text = DisplayText.Preparation(what, share, left);
            _preparing = Math.Max(_preparing, text.Length);
            WriteOver(text);
        }
    }

    public void Step(StepView step)
    {
        // A head makes thousands of steps a second; nobody sees more than a few.
        if (step.Step < step.Steps && _lastStep is { } last && _clock.GetElapsedTime(last) < _interval)
        {
            return;
        }

        _lastStep = _clock.GetTimestamp();
        var share = (double)step.Step / step.Steps;
        var full = (int)(share * BarWidth);
        var bar = $"[green]{new string('━', full)}[/][grey]{new string('─', BarWidth - full)}[/] {share,4:P0}";
        var figures = Markup.Escape(DisplayText.Step(step));
        _context?.UpdateTarget(new Rows(new Markup(bar), new Markup(figures))); // draws too
    }

    public void Evaluated(string phase, RunMetrics metrics, bool isBest)
    {
        var text = DisplayText.Evaluation(phase, metrics, isBest);
        _console.Write(isBest ? new Text(text + "\n", new Style(Color.Green)) : new Text(text + "\n"));
    }

    public void While(Action training)
    {
        EndPreparing();
        IRenderable nothingYet = new Text("");
        _console.Live(nothingYet).AutoClear(true).Start(context =>
        {
            _context = context;
            try
            {
                training();
            }
            finally
            {
                _context = null;
            }
        });
    }

    private void EndPreparing()
    {
        if (_preparing > 0)
        {
            WriteOver("");
            _preparing = 0;
        }
    }

    /// <summary>Writes on the line of the preparation. Spectre itself takes a carriage return for a new line.</summary>
    private void WriteOver(string text)
    {
        var writer = _console.Profile.Out.Writer;
        writer.Write($"\r{text.PadRight(_preparing)}{(text.Length == 0 ? "\r" : "")}");
        writer.Flush();
    }
}
