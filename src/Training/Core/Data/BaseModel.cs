using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Sampling;
using LoraOnnx.Model.Tokenization;
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

    /// <summary>Shape, labels and limits.</summary>
    public ModelConfig Config => Weights.Config;

    /// <summary>Reads the checkpoint; a body without a head gets a new one where the head is trained.</summary>
    /// <exception cref="InputException">It is missing, broken, or has no head and none is trained.</exception>
    public static BaseModel Load(string directory, TrainingOptions options, RunRules rules)
    {
        var checkpoint = Checkpoint.Open(directory);
        var isNew = !checkpoint.HasHead && options.TrainsHead;
        var weights = isNew
            ? checkpoint.LoadWeights(HeadSeeding.Create(checkpoint.Config, rules.Random(options.Seed, RandomUse.Head)))
            : checkpoint.LoadWeights();
        var tokenizer = TextTokenizer.Load(directory, checkpoint.Config.Shape.Vocabulary);
        return new BaseModel(directory, checkpoint.WeightsHash(), weights, tokenizer, isNew ? options.Seed : null);
    }

    /// <summary>The longest input of the run: what --max-length says, else 512 or the limit of model or tokenizer.</summary>
    /// <exception cref="InputException">The model cannot take as much.</exception>
    public int MaxLength(TrainingOptions options) => options.MaxLength is not { } asked
        ? Math.Min(LearningDefaults.MaxLength, Math.Min(Config.MaxTokens, Tokenizer.MaxLength))
        : asked <= Config.MaxTokens ? asked
        : throw new InputException($"--max-length is {asked}, the model takes up to {Config.MaxTokens} tokens.");
}
