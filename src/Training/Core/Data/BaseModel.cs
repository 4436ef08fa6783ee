using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Sampling;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Texts;
using LoraOnnx.Training.Options;
using LoraOnnx.Training.Steps;

namespace LoraOnnx.Training.Data;

/// <summary>The checkpoint that training starts from.</summary>
internal sealed class BaseModel
{
    private BaseModel(string directory, string hash, ModelWeights weights, TextTokenizer tokenizer, ulong? newHeadSeed)
    {
        Directory = directory;
        Hash = hash;
        Weights = weights;
        Tokenizer = tokenizer;
        NewHeadSeed = newHeadSeed;
    }

    /// <summary>Where the files are.</summary>
    public string Directory { get; }

    /// <summary>SHA-256 of the weight files.</summary>
    public string Hash { get; }

    /// <summary>The weights in fp32.</summary>
    public ModelWeights Weights { get; }

    /// <summary>The tokenizer beside the weights.</summary>
    public TextTokenizer Tokenizer { get; }

    /// <summary>The seed of a head that was made because the checkpoint has none; null for the checkpoint's own.</summary>
    public ulong? NewHeadSeed { get; }

    /// <summary>What a user should know of the files; a line each.</summary>
    public IReadOnlyList<string> Notes { get; private init; } = [];

    /// <summary>True where the checkpoint has a head, though a new one may stand in its place.</summary>
    public bool HadHead { get; private init; }

    /// <summary>Shape, labels and limits.</summary>
    public ModelConfig Config => Weights.Config;

    /// <summary>Reads the checkpoint's weights, with a new head where the plan wants one.</summary>
    /// <exception cref="InputException">It is broken.</exception>
    public static BaseModel Load(Checkpoint checkpoint, LabelPlan plan, TrainingOptions options, RunRules rules)
    {
        var weights = checkpoint.LoadWeights(
            plan.IsNew ? HeadSeeding.Create(checkpoint.Config.WithTask(plan.Task), rules.Random(options.Seed, RandomUse.Head)) : [], plan.Task);
        var tokenizer = TextTokenizer.Load(checkpoint.Directory, checkpoint.Config.Shape.Vocabulary);
        return new BaseModel(checkpoint.Directory, checkpoint.WeightsHash(), weights, tokenizer, plan.IsNew ? options.Seed
            : null)
        { HadHead = checkpoint.HasHead || checkpoint.HasOtherHead, Notes = checkpoint.Notes };
    }

    /// <summary>The longest input of the run: what --max-length says, else 512 or the limit of model or tokenizer.</summary>
    /// <exception cref="InputException">The model cannot take as much.</exception>
    public int MaxLength(TrainingOptions options) => options.MaxLength is not { } asked
        ? Math.Min(LearningDefaults.MaxLength, Math.Min(Config.MaxTokens, Tokenizer.MaxLength))
        : asked <= Config.MaxTokens ? asked
        : throw new InputException($"--max-length is {asked}, the model takes up to {Config.MaxTokens} tokens.");
}
