using LoraOnnx.Model.Runs;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace LoraOnnx.Training.Display;

/// <summary>A bar and a line of figures that change in place; notes scroll above them.</summary>
internal sealed class LiveDisplay : ITrainingDisplay
{
    private const int BarWidth = 40;
    private readonly IAnsiConsole _console;
    private LiveDisplayContext? _context;
    private bool _isPreparing;

    public LiveDisplay(IAnsiConsole console) => _console = console;

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

    public void Preparing(string what, double share)
    {
        // Outside the live part: a line that is written over until a note takes its place.
        if (_context is null)
        {
            _isPreparing = true;
            _console.Write($"\r{what}: {share,4:P0}");
        }
    }

    public void Step(StepView step)
    {
        var share = (double)step.Step / step.Steps;
        var full = (int)(share * BarWidth);
        var bar = $"[green]{new string('━', full)}[/][grey]{new string('━', BarWidth - full)}[/] {share,4:P0}";
        var figures = Markup.Escape(DisplayText.Step(step));
        _context?.UpdateTarget(new Rows(new Markup(bar), new Markup(figures)));
        _context?.Refresh();
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
        if (_isPreparing)
        {
            _isPreparing = false;
            _console.Write("\r" + new string(' ', 60) + "\r");
        }
    }
}
