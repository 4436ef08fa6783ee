using System.Text.Json;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Reference;
using LoraOnnx.Model.Runs;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Training.Options;

namespace LoraOnnx.Training.Tests.Runs;

/// <summary>A run of the whole program in this process, and what it left.</summary>
internal sealed class TrainedRun
{
    private TrainedRun(RunDirectory run, RecordingDisplay display)
    {
        Run = run;
        Display = display;
        Adapter = run.AdapterDirectory is { } adapter ? LoraAdapter.Load(adapter, Checkpoint.Open(run.Record.ModelDirectory).Config) : null;
        Lines = [.. File.ReadLines(Path.Combine(run.Path, "metrics.jsonl")).Select(line => JsonDocument.Parse(line).RootElement)];
    }

    public RunDirectory Run { get; }

    public RunRecord Record => Run.Record;

    public RecordingDisplay Display { get; }

    public LoraAdapter? Adapter { get; }

    /// <summary>metrics.jsonl.</summary>
    public IReadOnlyList<JsonElement> Lines { get; }

    public IEnumerable<JsonElement> Steps => Lines.Where(line => line.GetProperty("kind").GetString() == "step");

    /// <summary>Trains with the arguments of a command line.</summary>
    public static TrainedRun Train(params string[] arguments) => Train(arguments, resume: false);

    /// <summary>Trains with the arguments of a command line, or goes on with <paramref name="resume"/>.</summary>
    public static TrainedRun Train(string[] arguments, bool resume) => Train(Options(arguments), resume);

    /// <summary>Trains until so many steps are done, and ends as Ctrl+C does.</summary>
    public static void Cut(string[] arguments, int steps)
    {
        using var source = new CancellationTokenSource();
        var display = new RecordingDisplay { AfterStep = display => Cancel(display.Steps.Count == steps) };

        Assert.Throws<OperationCanceledException>(
            () => TrainingProgram.Run(Options(arguments), new RunStart(Resume: false, Overwrite: false, Json: false), display, source.Token));

        void Cancel(bool isTime)
        {
            if (isTime)
            {
                source.Cancel();
            }
        }
    }

    private static TrainingOptions Options(string[] arguments)
    {
        var table = TrainOptionTable.Create(TrainingEngines.All);
        var command = new System.CommandLine.RootCommand();
        foreach (var option in table.Options)
        {
            command.Options.Add(option);
        }

        var parsed = command.Parse(arguments);
        Assert.Empty(parsed.Errors);
        return table.Apply(parsed, new TrainingOptions());
    }

    public static TrainedRun Train(TrainingOptions options, bool resume = false)
    {
        Assert.Empty(options.Problems());
        var display = new RecordingDisplay();
        TrainingProgram.Run(options, new RunStart(resume, Overwrite: false, Json: false), display, TestContext.Current.CancellationToken);
        return new TrainedRun(RunDirectory.Open(options.Out), display);
    }

    /// <summary>The trained model as plain managed code computes it from the files: adapters beside the base, a trained head in place.</summary>
    public ReferenceModel ManagedModel()
    {
        var checkpoint = Checkpoint.Open(Record.ModelDirectory);
        var weights = Run.HeadDirectory is { } head ? checkpoint.LoadWeights(HeadFile.Read(head, checkpoint.Config)) : checkpoint.LoadWeights();
        return new ReferenceModel(weights, Adapter is null ? [] : [(Adapter, 1.0)]);
    }

    /// <summary>Logits of texts by <see cref="ManagedModel"/>, cut as the run says.</summary>
    public List<float[]> ManagedLogits(IEnumerable<string> texts)
    {
        var (model, tokenizer) = (ManagedModel(), TextTokenizer.Load(Record.ModelDirectory));
        return [.. texts.Select(
            text => model.Logits(tokenizer.Encode(text, Record.MaxLength, EnumNames.Parse<Truncation>(Record.Truncate)!.Value).Ids))];
    }
}
