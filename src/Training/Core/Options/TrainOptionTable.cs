using LoraOnnx.Model.Adapters.Kinds;
using LoraOnnx.Texts;
using LoraOnnx.Training.Engine;

namespace LoraOnnx.Training.Options;

/// <summary>The options of lora-train that say what to train and how.</summary>
internal static class TrainOptionTable
{
    /// <summary>Options that mean nothing where no adapters are trained.</summary>
    public static IReadOnlyList<string> OfAdapters { get; } =
        ["--rank", "--alpha", "--targets", "--lora-dropout", "--init", "--rslora", "--adapter-kind", "--dora", "--lora-plus-ratio"];

    /// <summary>Any rate above 0 that an fp32 weight could notice.</summary>
    private const double LeastRate = 1e-12;

    /// <param name="engines">What --engine may name.</param>
    public static OptionTable Create(IReadOnlyList<EngineOffer> engines)
    {
        var table = new OptionTable();
        AddData(table);
        AddAdapters(table);
        AddLearning(table);
        AddMachine(table, engines);
        return table;
    }

    private static void AddData(OptionTable table)
    {
        table.Text("--model", "MODEL", "The base: a checkpoint directory or a hub id.",
            (options, value) => options with { Model = value });
        table.Text("--train", "FILE",
            "Training texts: .jsonl, .json, .csv, .tsv (also .gz), .parquet, an aclImdb folder, or hf:NAME:SPLIT.",
            (options, value) => options with { Train = value });
        table.Text("--validation", "FILE|N|SHARE",
            "Validation texts, or how many to take from the training texts: 200, or 20% or 0.2 for a fifth. "
            + "The best F1 on them decides which weights are kept. [default: none]",
            (options, value) => options with { Validation = value });
        foreach (var (name, word, description, set) in TextOptionTable.All)
        {
            table.Text(name, word, description, (options, value) => options with { Texts = set(options.Texts, value) });
        }

        table.Text("--test", "FILE", "Test texts, scored once at the end in fp32. [default: none]",
            (options, value) => options with { Test = value });
        table.Text("--per", "COLUMN", "Train one run on all texts, and one for each value of this column with enough texts, each in a folder of its "
            + "own in --out; a table says where that was better.", (options, value) => options with { Per = value });
        table.Whole("--per-texts", 2, int.MaxValue, "Fewest training texts of a value of --per that gets a run of its own.", "32",
            (options, value) => options with { PerTexts = value });
        table.Text("--base-name", "NAME", "What adapters and cards call the base. [default: the hub id, else the folder's name]",
            (options, value) => options with { BaseName = value });
        table.Text("--out", "DIR", "The run directory to write.", (options, value) => options with { Out = value });
        table.Choice("--split", "How --validation N or SHARE is taken.", options => options.Split,
            (options, value) => options with { Split = value });
        table.Whole("--train-limit", 1, int.MaxValue, "Use at most this many training texts, the first of the shuffle by --seed.", "all",
            (options, value) => options with { TrainLimit = value });
        table.Whole("--max-length", 2, 1 << 20, "Longest input in tokens; the rest of a text is cut.", "512, or the model's limit if that is less",
            (options, value) => options with { MaxLength = value });
        table.Choice("--truncate", "Which part of a long text is kept.", options => options.Truncate,
            (options, value) => options with { Truncate = value });
    }

    private static void AddAdapters(OptionTable table)
    {
        table.Choice("--method", "What to train: adapters, the classification head, or both.", options => options.Method,
            (options, value) => options with { Method = value });
        table.Whole("--rank", 1, 4096, "Inner width of the adapters.", "8", (options, value) => options with { Rank = value });
        table.Real("--alpha", 1e-6, 1e6, "The adapters' update is scaled by alpha/rank.", "twice the rank",
            (options, value) => options with { Alpha = value });
        table.List("--targets", "Linear modules that get adapters: query, key, value, output, up, down, names of the checkpoint, or all-linear.",
            options => options.Targets, (options, value) => options with { Targets = value });
        table.Real("--lora-dropout", 0, 0.99, "Dropout of the adapters' input, 0 to 1.", "0",
            (options, value) => options with { LoraDropout = value });
        table.Choice("--init", "How new adapters start: as peft does, or from N(0,1) as the published experiment.", options => options.Init,
            (options, value) => options with { Init = value });
        table.Flag("--rslora", "Scale by alpha/sqrt(rank) instead of alpha/rank.", (options, value) => options with { Rslora = value });
        table.Choice("--adapter-kind", "What adapters are: lora, or dora, which also trains a magnitude per output row.",
            [.. LinearAdapters.All.Select(kind => kind.Name)], options => options.AdapterKind,
            (options, value) => options with { AdapterKind = value });
        table.Flag("--dora", "Short for --adapter-kind dora.",
            (options, value) => options with { AdapterKind = (value ? LinearAdapters.Dora : LinearAdapters.Lora).Name });
        table.Real("--lora-plus-ratio", 1, 1000, "LoRA+: B learns this many times faster than A.", "1",
            (options, value) => options with { LoraPlusRatio = value });
    }

    private static void AddLearning(OptionTable table)
    {
        table.Whole("--epochs", 1, 100_000, "Passes over the training texts.", "3; 15 with --method head",
            (options, value) => options with { Epochs = value });
        table.Whole("--lora-epochs", 1, 100_000, "With lora+head: train the adapters alone for so many epochs, before --head-epochs.", null,
            (options, value) => options with { LoraEpochs = value });
        table.Whole("--head-epochs", 1, 100_000, "With lora+head: then train the head on the frozen adapters for so many epochs.", null,
            (options, value) => options with { HeadEpochs = value });
        table.Real("--lr", LeastRate, 10, "Peak learning rate (of the head alone with --method head).",
            "by rank: 1e-3 to 2, 5e-4 to 8, 4e-4 to 32, 3e-4 above; 1.5e-3 in fewer than 150 steps; head 1e-3", (options, value) =>
                options with { LearningRate = value });
        table.Real("--lr-head", 0, 10, "Peak learning rate of the head; 0 beside --method lora+head: it stays as it began.",
            "that of the adapters; 1e-3 when the head is trained alone", (options, value) => options with { HeadLearningRate = value });
        table.Whole("--batch-size", 1, 1 << 20, "Texts in a batch.", "16", (options, value) => options with { BatchSize = value });
        table.Whole("--batch-tokens", 2, 1 << 26, "Batches of up to so many tokens instead of a number of texts.", null,
            (options, value) => options with { BatchTokens = value });
        table.Whole("--gradient-accumulation", 1, 1 << 16, "Batches that make one optimizer step.", "1",
            (options, value) => options with { GradientAccumulation = value });
        table.Real("--weight-decay", 0, 10, "AdamW's decay; biases and layer norms do not decay.", "0.01",
            (options, value) => options with { WeightDecay = value });
        table.Real("--warmup", 0, 1, "Share of the steps in which the learning rate rises from 0; then it falls linearly to 0.", "0.06",
            (options, value) => options with { Warmup = value });
        table.Real("--clip", 0, 1e9, "Longest gradient (L2 norm) that is applied as it is; 0: no clipping.", "1.0",
            (options, value) => options with { Clip = value });
        table.Real("--label-smoothing", 0, 0.99, "Share of the target that is spread over all classes, 0 to 1.", "0",
            (options, value) => options with { LabelSmoothing = value });
        table.Text("--class-weights", "none|balanced|NAME=X,..",
            "How much texts of each class count; none: each 1; balanced: every class has the same weight in all, "
            + "whatever its number of texts. With several labels a text these are the positive weights of its binary cross-entropy: how much a "
            + "label counts where it holds. [default: none]", (options, value) => options with { ClassWeights = value });
        table.Choice("--sampling", "How training texts are drawn; balanced: those of every class equally often, rare ones repeatedly.",
            options => options.Sampling, (options, value) => options with { Sampling = value });
        table.Switch("--dropout", "Dropout of the model's config in body and head.", options => options.Dropout,
            (options, value) => options with { Dropout = value });
        table.Switch("--attention-dropout", "Dropout of attention weights too; slower on a CPU.", options => options.AttentionDropout,
            (options, value) => options with { AttentionDropout = value });
        table.Real("--eval-per-epoch", 0, 10_000, "Evaluations in an epoch; 0.5 means every other epoch. There is always one at the end.",
            "2; 1 when the head is trained alone", (options, value) => options with { EvalPerEpoch = value });
        table.Whole("--patience", 0, 1 << 20, "Stop after so many evaluations without a better F1; 0: never.", "0",
            (options, value) => options with { Patience = value });
        table.Whole("--seed", 0UL, ulong.MaxValue, "Decides split, order of batches, new weights and dropout.", "42",
            (options, value) => options with { Seed = value });
    }

    private static void AddMachine(OptionTable table, IReadOnlyList<EngineOffer> engines)
    {
        table.Choice("--engine",
            $"What computes; {string.Join("; ", engines.Select(engine => $"{engine.Name}: {engine.Library}"))}; auto: the first of these that loads.",
            [EngineOffer.Auto, .. engines.Select(engine => engine.Name)], options => options.Engine,
            (options, value) => options with { Engine = value });
        table.Choice("--device", "Where to compute; auto: a GPU where there is one.", options => options.Device,
            (options, value) => options with { Device = value });
        table.Choice("--precision", "Type of the frozen base; auto: bf16 where the processor or GPU is fast at it.", options => options.Precision,
            (options, value) => options with { Precision = value });
        table.Whole("--threads", 0, 4096, "Threads that compute; 0: all cores the process may use.", "0",
            (options, value) => options with { Threads = value });
        table.Real("--checkpoint-seconds", 0, 1e6, "Seconds between checkpoints in the middle of an epoch; 0: after every step.", "30",
            (options, value) => options with { CheckpointSeconds = value });
        table.Real("--feature-cache-gib", 0, 1e6,
            "Most that features kept for later runs take in the user's cache; the least recently used go first. 0: none are kept.", "10",
            (options, value) => options with { FeatureCacheGib = value });
    }
}
