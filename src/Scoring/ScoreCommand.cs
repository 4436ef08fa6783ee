using System.CommandLine;
using LoraOnnx.CommandLine;
using LoraOnnx.Inference;
using LoraOnnx.Scoring.Shards;
using LoraOnnx.Texts;

namespace LoraOnnx.Scoring;

/// <summary>The command line of lora-score.</summary>
internal static class ScoreCommand
{
    private static readonly Option<string> _model = new("--model")
    {
        HelpName = "[NAME=]PATH|URL",
        Description = "An ONNX file of lora-merge or its directory, or a server's http://HOST:PORT/MODEL.",
    };

    private static readonly Option<string> _in = new("--in", "--data")
    {
        HelpName = "FILE",
        Description = "Texts: .csv, .tsv, .jsonl, .json (each also .gz) or .parquet; - is standard input.",
    };

    private static readonly Option<string> _out = new("--out")
    {
        HelpName = "FILE",
        Description = "The same rows with label, score, score_NAME, truncated and error: .csv, .tsv, .jsonl or .parquet.",
    };

    private static readonly WordOptions<TextOptions> _texts = new(TextOptionTable.All);

    private static readonly Option<string?> _shard = new("--shard")
    {
        HelpName = "N/N|auto",
        Description = "Score only this part, such as 3/16; its file is --out with -03-of-16 in its name. auto: as JOB_COMPLETION_INDEX (with "
            + "JOB_COMPLETIONS) or SLURM_ARRAY_TASK_ID say.",
    };

    private static readonly Option<bool> _join = new("--join")
    {
        Description = "Make --out of its shards, after checking that they belong together.",
    };

    private static readonly Option<bool> _strict = new("--strict")
    {
        Description = "Exit 1 at the first row that cannot be read; else its column error says why.",
    };

    private static readonly Option<bool> _restart = new("--restart") { Description = "Begin anew where a stopped run has left a part." };
    private static readonly Option<bool> _keepFormulas = new("--keep-formulas")
    {
        Description = "Write CSV cells that begin with = + - @ as they are, not behind an apostrophe.",
    };

    private static readonly Option<bool> _byteOrderMark = SharedOptions.ByteOrderMark();

    private static readonly Option<string> _precision = new Option<string>("--precision")
    {
        Description = PrecisionRule.Help,
        DefaultValueFactory = _ => PrecisionRule.Auto.ToString(),
    }.OneOf(PrecisionRule.Names);

    private static readonly Option<int> _threads = SharedOptions.Threads("The scores do");
    private static readonly Option<string?> _apiKey = SharedOptions.ApiKey();

    private static readonly CommandHelp _help = new(
        [
            "lora-score --model onnx/lora --in reviews.csv --out scored.parquet",
            "lora-score --model onnx/lora --in big.parquet --out scored.parquet --shard 3/16",
            "lora-score --join --out scored.parquet",
        ],
        new HelpGroup("Files", "--model", "--in", "--out", "--strict", "--restart", "--keep-formulas", "--bom"),
        new HelpGroup("Columns and labels of --in", [.. TextOptionTable.OptionNames]),
        new HelpGroup("Many machines", "--shard", "--join"),
        new HelpGroup("Server", "--api-key"),
        new HelpGroup("Machine", "--precision", "--threads"))
    {
        Required = ["--model", "--in", "--out"],
    };

    public static RootCommand Create()
    {
        var root = new RootCommand("Scores a file of texts: the same rows come out, with a label and a score for each class.")
        {
            _model, _in, _out, _shard, _join, _strict, _restart, _keepFormulas, _byteOrderMark, _precision, _threads, _apiKey,
        };
        _texts.AddTo(root);
        CommandHelp.Arrange(root, _help);
        root.SetAction(async (parsed, cancellationToken) =>
        {
            CheckGiven(parsed, parsed.GetValue(_join) ? [_out] : [_model, _in, _out]);
            VisibleLines.Answer(parsed.GetValue(_join) ? ShardJoin.Run(parsed.GetRequiredValue(_out), cancellationToken)
                : await ScoreRun.RunAsync(Options(parsed), cancellationToken));
            return ExitCode.Success;
        });
        return root;
    }

    private static ScoreOptions Options(ParseResult parsed)
    {
        var threads = parsed.GetValue(_threads);
        return new ScoreOptions
        {
            Model = PathOf(parsed.GetRequiredValue(_model)),
            In = parsed.GetRequiredValue(_in),
            Out = parsed.GetRequiredValue(_out),
            Texts = Checked(_texts.Read(parsed, new TextOptions())),
            Shard = parsed.GetValue(_shard) is { } shard ? Shard.Parse(shard, Environment.GetEnvironmentVariable) : null,
            Strict = parsed.GetValue(_strict),
            Restart = parsed.GetValue(_restart),
            KeepFormulas = parsed.GetValue(_keepFormulas),
            ByteOrderMark = parsed.GetValue(_byteOrderMark),
            Precision = PrecisionRule.Parse(parsed.GetRequiredValue(_precision)),
            ApiKey = parsed.GetValue(_apiKey),
            Threads = threads is >= 0 and <= 1024 ? (threads == 0 ? Environment.ProcessorCount : threads)
                : throw new InputException($"--threads is {threads}, expected 0 to 1024."),
        };
    }

    private static TextOptions Checked(TextOptions options) => options.Problems().FirstOrDefault() is { } problem ? throw new InputException(problem)
        : options;

    /// <exception cref="InputException">Not all of these are given.</exception>
    private static void CheckGiven(ParseResult parsed, Option<string>[] required)
    {
        string[] missing = [.. required.Where(option => string.IsNullOrEmpty(parsed.GetValue(option))).Select(option => option.Name)];
        if (missing.Length > 0)
        {
            throw new InputException($"{string.Join(", ", missing)} {(missing.Length == 1 ? "is" : "are")} missing.",
                "lora-score --help shows examples.");
        }
    }

    /// <summary>The path without the name that other programs call a model by.</summary>
    private static string PathOf(string model) => model.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals && !Path.Exists(model)
        && !model[..equals].AsSpan().ContainsAny('/', '\\', ':') ? model[(equals + 1)..] : model;
}
