using System.CommandLine;
using LoraOnnx.CommandLine;
using LoraOnnx.Model.Runs;
using LoraOnnx.Texts;
using LoraOnnx.Training.Display;
using LoraOnnx.Training.Options;
using LoraOnnx.Training.Recording;

namespace LoraOnnx.Training;

/// <summary>The command line of lora-train.</summary>
internal static class TrainCommand
{
    private static readonly Option<bool> _resume = new("--resume")
    {
        Description = "Go on with the run in --out from its last checkpoint, bit by bit as if it had not stopped.",
    };
    private static readonly Option<bool> _overwrite = new("--overwrite") { Description = "Replace a run that is already in --out." };
    private static readonly Option<string[]> _sweep = new("--sweep")
    {
        HelpName = "NAME=VALUE,..",
        Description = "Run every combination of these values, one after another, each in a folder of its own in --out, and rank them at the end. "
            + "May be given several times.",
    };
    private static readonly Option<bool> _json = new("--json") { Description = "Print the final run.json on standard output." };

    private static readonly CommandHelp _help = new(
        [
            "lora-train --model models/demo --train texts.csv --validation 0.1 --out runs/a",
            "lora-train --model models/demo --train texts.csv --method head --out runs/b",
            "lora-train --out runs/a --resume",
            "lora-train --model models/demo --train texts.csv --validation 20% "
                + "--sweep lr=2e-4,5e-4 --sweep rank=4,16 --out runs/sweep",
            "lora-train --model models/demo --train texts.csv --validation 20% --per tenant --out runs/tenants",
        ],
        new HelpGroup("Required (with --resume only --out)", "--model", "--train", "--out"),
        new HelpGroup("Data", "--validation", "--test", "--split", "--train-limit", "--max-length", "--truncate"),
        new HelpGroup("Columns and labels", [.. TextOptionTable.OptionNames]),
        new HelpGroup("What to train", "--method", "--rank", "--alpha", "--targets", "--lora-dropout", "--init", "--rslora", "--adapter-kind",
            "--dora", "--lora-plus-ratio", "--preset"),
        new HelpGroup("How long, how fast", "--epochs", "--lora-epochs", "--head-epochs", "--lr", "--lr-head", "--batch-size", "--batch-tokens",
            "--gradient-accumulation",
            "--warmup", "--eval-per-epoch", "--patience"),
        new HelpGroup("Regularization", "--weight-decay", "--clip", "--label-smoothing", "--class-weights", "--sampling", "--dropout",
            "--attention-dropout"),
        new HelpGroup("Run", "--base-name", "--per", "--per-texts", "--sweep", "--seed", "--resume", "--overwrite", "--json"),
        new HelpGroup("Machine", "--engine", "--device", "--precision", "--threads", "--feature-cache-gib", "--checkpoint-seconds"))
    {
        Required = ["--model", "--train", "--out"],
    };

    public static RootCommand Create()
    {
        var table = TrainOptionTable.Create(TrainingEngines.All);
        var preset = new Option<string>("--preset")
        {
            Description = "A set of options. original: the published experiment (10,000 + 1,000 reviews, rate 2e-5, 15 epochs); "
                + "options beside it change its values.",
            HelpName = OriginalPreset.Name,
            CustomParser = result => OptionTable.Word(result, "--preset", word => word == OriginalPreset.Name, OriginalPreset.Name),
        };
        var root = new RootCommand("Trains LoRA adapters, a classification head, or both, for a BERT-like text classifier.");
        foreach (var option in (IEnumerable<Option>)[.. table.Options, preset, _sweep, _resume, _overwrite, _json])
        {
            root.Options.Add(option);
        }

        CommandHelp.Arrange(root, _help);
        root.SetAction((parsed, cancellationToken) =>
        {
            string[] given = [.. table.Given(parsed)];
            var wanted = table.Apply(parsed, parsed.GetValue(preset) is null ? new TrainingOptions() : OriginalPreset.Beside(given)).WithFullPaths();
            var start = new RunStart(parsed.GetValue(_resume), parsed.GetValue(_overwrite), parsed.GetValue(_json));
            var begun = start.Resume ? SweepFile.Read(wanted.Out) : null;
            IReadOnlyList<string> sweep = parsed.GetValue(_sweep) is { Length: > 0 } words ? words : begun?.Sweep ?? [];
            var perValue = start.Resume ? StoredOptions.OfValues(wanted.Out) : null;
            return Task.FromResult((wanted, perValue, sweep.Count) switch
            {
                (_, { } stored, _) => RunPer(Same(stored), sweep, given, start, cancellationToken),
                ({ Per: not null }, _, _) => RunPer(wanted, sweep, given, start, cancellationToken),
                (_, _, 0) => RunOne(parsed, table, wanted, given, start, cancellationToken),
                _ => RunSweep(begun is { Options: var stored } ? Same(stored) : wanted, sweep, table, given, start, cancellationToken),
            });
            TrainingOptions Same(TrainingOptions stored) => StoredOptions.CheckSame(stored, table.Apply(parsed, stored).WithFullPaths());
        });
        return root;
    }

    private static int RunOne(ParseResult parsed, OptionTable table, TrainingOptions wanted, string[] given, RunStart start,
        CancellationToken cancellationToken)
    {
        var stored = start.Resume ? StoredOptions.Of(wanted.Out) : null;
        var options = stored is null ? wanted : StoredOptions.CheckSame(stored, table.Apply(parsed, stored).WithFullPaths());
        Check(options, start.Resume && stored is null, given);
        return TrainingProgram.Run(options, start, Displays.ForStandardError(), cancellationToken);
    }

    private static int RunPer(TrainingOptions options, IReadOnlyList<string> sweep, string[] given, RunStart start,
        CancellationToken cancellationToken)
    {
        Check(options, resumesNothing: false, given, sweep.Count > 0
            ? ["--per and --sweep are both given, expected one of them: sweep first, then train per value with what was best."] : []);
        return PerProgram.Run(options, start, Displays.ForStandardError(), cancellationToken);
    }

    /// <summary>All runs are looked at before the first begins.</summary>
    private static int RunSweep(TrainingOptions beside, IReadOnlyList<string> words, OptionTable table, string[] given, RunStart start,
        CancellationToken cancellationToken)
    {
        var sweep = Sweep.Parse(words, table);
        if (beside.Out.Length > 0 && RunDirectory.IsRun(beside.Out))
        {
            throw InputException.InFile(beside.Out, "is a run, and no folder for the runs of a sweep.", "give another --out.");
        }

        var runs = new List<(SweepPoint Point, TrainingOptions Options)>();
        foreach (var point in sweep.Points())
        {
            var options = Sweep.Apply(point, beside, table).WithFullPaths();
            Check(options with { Out = beside.Out }, resumesNothing: false, [.. given, .. point.Values.Select(value => $"--{value.Option}")],
                sweep.Problems(options));
            if (RunDirectory.IsRun(options.Out))
            {
                _ = start switch
                {
                    { Resume: true } => StoredOptions.CheckSame(StoredOptions.Of(options.Out)!, options), // there is a run
                    { Overwrite: true } => options,
                    _ => throw InputException.InFile(options.Out, "holds a run already.",
                        "go on with the sweep: --resume; replace its runs: --overwrite; or give another --out."),
                };
            }

            if (runs.Find(run => !TrainingOptions.Differences(run.Options with { Out = options.Out }, options).Any()) is { Point: { } same })
            {
                throw new InputException($"--sweep: '{same.Text}' and '{point.Text}' are the same options.", "give every value once.");
            }

            runs.Add((point, options));
        }

        var isNew = !Directory.Exists(beside.Out);
        Directory.CreateDirectory(beside.Out);
        SweepFile.Write(beside.Out, beside, words);
        try
        {
            return SweepProgram.Run(beside.Out, runs, start, Displays.ForStandardError(), cancellationToken);
        }
        catch (InputException) when (isNew && !runs.Exists(run => RunDirectory.IsRun(run.Options.Out)))
        {
            Directory.Delete(beside.Out, recursive: true); // it was made for runs that never began
            throw;
        }
    }

    private static void Check(TrainingOptions options, bool resumesNothing, IReadOnlyList<string> given,
        IEnumerable<string>? ofSweep = null)
    {
        var missing = new[] { ("--model", options.Model), ("--train", options.Train), ("--out", options.Out) }.Where(pair => pair.Item2.Length == 0)
            .Select(pair => pair.Item1).ToList();
        if (resumesNothing && missing.Count > 0)
        {
            throw options.Out.Length == 0
                ? new InputException("--out is missing: the run to go on with.", "for example --resume --out runs/lora.")
                : InputException.InFile(options.Out, "holds no run to go on with.", "check --out; or begin a run: --model MODEL --train FILE.");
        }

        List<string> problems = [.. options.Problems(), .. ofSweep ?? []];
        var unused = options.TrainsAdapters ? [] : given.Intersect(TrainOptionTable.OfAdapters).ToList();
        if (unused.Count > 0)
        {
            problems.Add($"{string.Join(", ", unused)} {(unused.Count == 1 ? "is" : "are")} given, but --method head trains no adapters.");
        }

        if (missing.Count > 0)
        {
            problems.Insert(0, $"{string.Join(", ", missing)} {(missing.Count == 1 ? "is" : "are")} missing.");
        }

        if (problems.Count > 0)
        {
            throw InputException.Several(problems, "lora-train --help lists the options.");
        }
    }
}
