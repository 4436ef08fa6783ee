using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json.Nodes;
using LoraOnnx.CommandLine;
using LoraOnnx.Evaluation.Models;
using LoraOnnx.Evaluation.Reports;
using LoraOnnx.Inference;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Runs;
using LoraOnnx.Model.Runs.Ranking;
using LoraOnnx.Model.Runs.Values;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Texts;

namespace LoraOnnx.Evaluation;

/// <summary>The command line of lora-compare.</summary>
internal static class CompareCommand
{
    private static readonly Argument<string[]> _models = new("models")
    {
        HelpName = "[NAME=]PATH",
        Description = "An ONNX file or its directory, a checkpoint directory or hub id, a run of lora-train (merged in memory), the folder of its "
            + "--per, or a server's http://HOST:PORT/MODEL. The others are compared with the first.",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<string> _data = new("--data")
    {
        HelpName = "FILE",
        Description = "Labelled texts that every model is scored on. Only runs of lora-train may go without: they are ranked by their "
            + "own figures.",
    };

    private static readonly Option<string?> _validation = new("--validation")
    {
        HelpName = "FILE",
        Description = "Labelled texts on which --sweep-scale, --threshold and --calibrate choose.",
    };
    private static readonly Option<string?> _out = new("--out")
    {
        HelpName = "FILE",
        Description = "Write the report as one self-contained page, such as report.html.",
    };
    private static readonly Option<bool> _json = new("--json") { Description = "Print the whole report as one JSON object, instead of the table." };
    private static readonly Option<bool> _markdown = new("--markdown") { Description = "Print a Markdown table, for a pull request." };
    private static readonly Option<string?> _csv = new("--csv")
    {
        HelpName = "FILE",
        Description = "Write the figures as CSV, a line a model and figure.",
    };
    private static readonly Option<string?> _predictions = new("--predictions")
    {
        HelpName = "FILE",
        Description = "Write every model's logits and label for every text, as JSON lines; as CSV where the file ends in .csv.",
    };

    private static readonly Option<bool> _byteOrderMark = SharedOptions.ByteOrderMark();

    private static readonly Option<int?> _explain = new("--explain")
    {
        HelpName = "N",
        Description = "Texts of each list of newly right and newly wrong ones whose words are explained in the report, however long it takes; 0: "
            + "none. [default: 2, in half the time of scoring]",
    };

    private static readonly Option<string?> _apiKey = SharedOptions.ApiKey();

    private static readonly Option<string> _precision = new Option<string>("--precision")
    {
        Description = $"{PrecisionRule.Help} Checkpoints and runs are measured in fp32.",
        DefaultValueFactory = _ => PrecisionRule.Auto.ToString(),
    }.OneOf(PrecisionRule.Names);

    private static readonly Option<string[]> _slice = new("--slice")
    {
        HelpName = "COLUMN",
        Description = "Also report by the values of this column of the data. May be given several times.",
    };
    private static readonly Option<string?> _sweep = new("--sweep-scale")
    {
        HelpName = "X,..",
        Description = "Merge the runs' adapters at these scales, such as 0,0.5,1, choose by F1 on --validation, and report the choice on --data.",
    };
    private static readonly Option<bool> _threshold = new("--threshold")
    {
        Description = "Choose the score from which the positive class is answered, by F1 on --validation; written to calibration.json beside the "
            + "model.",
    };
    private static readonly Option<bool> _calibrate = new("--calibrate")
    {
        Description = "Choose the temperature that makes scores honest, by log loss on --validation; written to calibration.json beside the model.",
    };
    private static readonly Option<string[]> _require = new("--require")
    {
        HelpName = "EXPRESSION",
        Description = "Exit 1 unless it holds, such as \"lora.f1 >= raw.f1 + 0.01\"; names are those of --json. May be given several times.",
    };
    private static readonly Option<int?> _maxLength = new("--max-length")
    {
        HelpName = "N",
        Description = "Longest input in tokens, for all models; the rest of a text is cut. [default: what each was trained with]",
    };
    private static readonly Option<string?> _truncate = new Option<string?>("--truncate")
    {
        Description = "Which part of a long text is kept, for all models. [default: what each was trained with]",
    }.OneOf(EnumNames.All<Truncation>());
    private static readonly Option<int> _threads = SharedOptions.Threads("The figures do");
    private static readonly Option<ulong> _seed = new("--seed")
    {
        Description = "Seed of the bootstrap.",
        DefaultValueFactory = _ => 42,
    };
    private static readonly Option<int?> _resamples = new("--resamples")
    {
        Description = "Resamples of the bootstrap. [default: 10,000, or 40,000 for up to 5,000 texts]",
    };

    private static readonly WordOptions<TextOptions> _texts = new(TextOptionTable.All);

    private static readonly CommandHelp _help = new(
        [
            "lora-compare raw=models/demo lora=runs/lora --data test.jsonl --out page.html",
            "lora-compare onnx/raw onnx/lora --data test.csv --require \"lora.f1>=raw.f1\"",
            "lora-compare runs/*",
            "lora-compare runs/tenants --data test.csv",
        ],
        new HelpGroup("Data", "--data", "--validation", "--slice", "--max-length", "--truncate"),
        new HelpGroup("Columns and labels", [.. TextOptionTable.OptionNames]),
        new HelpGroup("Server", "--api-key"),
        new HelpGroup("Results", "--out", "--json", "--markdown", "--csv", "--predictions", "--bom", "--explain", "--require"),
        new HelpGroup("Choices", "--sweep-scale", "--threshold", "--calibrate"),
        new HelpGroup("Intervals", "--seed", "--resamples"),
        new HelpGroup("Machine", "--precision", "--threads"))
    {
        Required = ["--data"],
    };

    public static RootCommand Create()
    {
        _models.Validators.Add(result =>
        {
            // A list of paths would take a misspelt option for one more path.
            if (result.Tokens.FirstOrDefault(token => token.Value.StartsWith('-'))?.Value is { } option)
            {
                result.AddError(Spelling.UnknownOption(option, (result.Parent as CommandResult)!.Command)); // an argument stands in a command
            }
        });
        var root = new RootCommand(
            "Scores several models on one test set and shows whether it was worth it: F1 with 95 % intervals, significance, and what changed.")
        {
            _models, _data, _validation, _out, _json, _markdown, _csv, _predictions, _byteOrderMark, _explain, _apiKey, _precision, _slice, _sweep,
            _threshold, _calibrate, _require, _maxLength, _truncate, _threads, _seed, _resamples,
        };
        _texts.AddTo(root);
        CommandHelp.Arrange(root, _help);
        root.SetAction(async (parsed, cancellationToken) =>
        {
            if (parsed.GetValue(_data) is null)
            {
                return Rank(parsed);
            }

            var options = Options(parsed);
            CompareOptionsCheck.Check(options);
            var display = new ComparisonDisplay();
            var (report, scores) = await Comparison.RunAsync(options, display, cancellationToken);
            display.Clear();
            ComparisonOutput.Write(options, report, scores);
            return report.Requirements.All(requirement => requirement.Holds) ? ExitCode.Success : ExitCode.Failure;
        });
        return root;
    }

    private static int Rank(ParseResult parsed)
    {
        Option[] taken = [_json, _markdown];
        if (parsed.CommandResult.Children.OfType<OptionResult>()
            .FirstOrDefault(given => !given.Implicit && !taken.Contains(given.Option)) is { Option.Name: { } unused and not "--verbose" })
        {
            throw new InputException($"{unused} needs --data FILE.",
                "without --data, runs of lora-train are ranked by their own figures; --json and --markdown go with that.");
        }

        var arguments = ModelArgument.ParseAll(parsed.GetValue(_models) ?? []);
        if (arguments is [{ IsServer: false } only] && ValueRuns.Are(only.Path))
        {
            var table = ValueTable.Of(only.Path, ValueRuns.Open(only.Path));
            Tell(parsed, table.Json(), table.Columns, table.Cells(), table.Words());
            return ExitCode.Success;
        }

        var ranking = RunRanking.Of(Runs(arguments), RunRanking.Test, WarningLines.Write);
        Tell(parsed, RankingTable.Json(ranking), RankingTable.Columns(ranking), RankingTable.Rows(ranking), RankingTable.Words(ranking));
        return ExitCode.Success;
    }

    private static void Tell(ParseResult parsed, JsonObject json, IReadOnlyList<string> columns, IReadOnlyList<IReadOnlyList<string>> rows,
        string words) => Console.Out.Write(parsed.GetValue(_json) ? $"{JsonReport.Text(json)}\n"
            : $"{(parsed.GetValue(_markdown) ? TextTable.Markdown(columns, rows) : TextTable.Plain(columns, rows))}\n{words}\n");

    /// <summary>The runs among the paths; what is no run is left out with a warning, since <c>runs/*</c> may hold other things.</summary>
    private static List<(string Name, RunRecord Record)> Runs(IReadOnlyList<ModelArgument> arguments)
    {
        var others = arguments.Where(argument => !RunDirectory.IsRun(argument.Path)).ToList();
        if (others.Count == arguments.Count)
        {
            throw new InputException($"--data FILE is missing, and {others[0].Path} is not a run of lora-train.",
                PathKinds.Of(others[0].Path) == PathKind.Sweep ? $"the runs of a sweep are ranked so: lora-compare {others[0].Path}/*"
                : "give the labelled texts that all models are scored on; only runs are ranked without, by their own figures.");
        }

        foreach (var other in others.Where(other => Path.GetFileName(other.Path) != RunDirectory.SweepFileName)) // which stands beside its runs
        {
            WarningLines.Write($"{other.Path} is not a run of lora-train; it is left out.");
        }

        return [.. arguments.Except(others).Select(argument => (argument.Name, RunDirectory.Open(argument.Path).Record))];
    }

    private static CompareOptions Options(ParseResult parsed)
    {
        var (models, values) = ValuesArgument.Expand(ModelArgument.ParseAll(parsed.GetValue(_models) ?? []));
        return Given(parsed) with
        {
            Models = models,
            Values = values,
            Slices = [.. (parsed.GetValue(_slice) ?? []).Concat(values.Select(value => value.Column)).Distinct()],
        };
    }

    private static CompareOptions Given(ParseResult parsed) => new()
    {
        Models = [],
        Data = parsed.GetRequiredValue(_data),
        Texts = _texts.Read(parsed, new TextOptions()),
        Validation = parsed.GetValue(_validation),
        Out = parsed.GetValue(_out),
        Json = parsed.GetValue(_json),
        Markdown = parsed.GetValue(_markdown),
        Csv = parsed.GetValue(_csv),
        Predictions = parsed.GetValue(_predictions),
        ByteOrderMark = parsed.GetValue(_byteOrderMark),
        Explain = parsed.GetValue(_explain),
        ApiKey = parsed.GetValue(_apiKey),
        Precision = PrecisionRule.Parse(parsed.GetRequiredValue(_precision)),
        SweepScales = Scales(parsed.GetValue(_sweep)),
        Threshold = parsed.GetValue(_threshold),
        Calibrate = parsed.GetValue(_calibrate),
        Requirements = parsed.GetValue(_require) ?? [],
        MaxLength = parsed.GetValue(_maxLength),
        Truncate = EnumNames.Parse<Truncation>(parsed.GetValue(_truncate)),
        Threads = parsed.GetValue(_threads) is var threads and not 0 ? threads : Environment.ProcessorCount,
        Seed = parsed.GetValue(_seed),
        Resamples = parsed.GetValue(_resamples),
    };

    private static double[] Scales(string? list) => list is null ? [] :
    [
        .. list.Split(',')
        .Select(text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var scale) && double.IsFinite(scale)
            ? scale
            : throw new InputException($"--sweep-scale has '{text}', expected numbers such as 0,0.25,0.5,1.")).Distinct().Order(),
    ];
}
