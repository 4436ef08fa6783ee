using System.Text.Json;
using System.Text.Json.Serialization;
using LoraOnnx.Model;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Adapters.Kinds;
using LoraOnnx.Model.Runs;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Texts;
using LoraOnnx.Training.Engine;

namespace LoraOnnx.Training.Options;

/// <summary>What the user asked lora-train to do. Null means "choose". run.json keeps them for --resume.</summary>
internal sealed record TrainingOptions
{
    private static readonly JsonSerializerOptions _json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter() },
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>Checkpoint directory or hub id.</summary>
    public string Model { get; init; } = "";

    /// <summary>What files that leave the house call the base; null: the hub id, else the folder's name.</summary>
    public string? BaseName { get; init; }

    /// <summary>Training texts: a file, a folder or a hub id.</summary>
    public string Train { get; init; } = "";

    /// <summary>Validation texts: a file, or how many (a count, or a share below 1) to take from the training texts; null: none.</summary>
    public string? Validation { get; init; }

    /// <summary>Test texts, scored once at the end; null: none.</summary>
    public string? Test { get; init; }

    /// <summary>Use at most this many training texts, the first of the seeded shuffle; null: all.</summary>
    public int? TrainLimit { get; init; }

    /// <summary>How validation texts are taken from the training texts.</summary>
    public SplitKind Split { get; init; } = SplitKind.Stratified;

    /// <summary>A column: each of its values with enough texts gets weights of its own; null: one run.</summary>
    public string? Per { get; init; }

    /// <summary>Fewest training texts of a value of <see cref="Per"/> that is trained on alone.</summary>
    public int PerTexts { get; init; } = 32;

    /// <summary>The value of <see cref="Per"/> whose texts this run is about; null: all.</summary>
    public string? Value { get; init; }

    /// <summary>Columns, labels and encoding of the files.</summary>
    public TextOptions Texts { get; init; } = new();

    /// <summary>The run directory.</summary>
    [JsonIgnore]
    public string Out { get; init; } = "";

    public TrainingMethod Method { get; init; } = TrainingMethod.Lora;

    public int Rank { get; init; } = 8;

    /// <summary>The update is scaled by alpha/rank; null: twice the rank.</summary>
    public double? Alpha { get; init; }

    /// <summary>Linear modules that get adapters, by the end of their names, or <c>all-linear</c>.</summary>
    public IReadOnlyList<string> Targets { get; init; } = AdapterTargets.Default;

    public double LoraDropout { get; init; }

    public AdapterInitialization Init { get; init; } = AdapterInitialization.Peft;

    public bool Rslora { get; init; }

    /// <summary>Name of the kind of adapters.</summary>
    public string AdapterKind { get; init; } = LinearAdapters.Lora.Name;

    /// <summary>How run.json said it before kinds had names; never written.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Dora
    {
        get => null;
        init => AdapterKind = value is true ? LinearAdapters.Dora.Name : AdapterKind;
    }

    /// <summary>B learns this many times faster than A.</summary>
    public double LoraPlusRatio { get; init; } = 1;

    /// <summary>Epochs; null: <see cref="LearningDefaults.Epochs"/>.</summary>
    public int? Epochs { get; init; }

    /// <summary>Epochs of the adapters when the head follows on its own.</summary>
    public int? LoraEpochs { get; init; }

    /// <summary>Epochs of the head on the frozen adapters.</summary>
    public int? HeadEpochs { get; init; }

    /// <summary>Peak learning rate of the adapters; null: <see cref="LearningDefaults.AdapterRate"/>.</summary>
    public double? LearningRate { get; init; }

    /// <summary>Peak learning rate of the head; null: <see cref="LearningDefaults.HeadRate"/>.</summary>
    public double? HeadLearningRate { get; init; }

    /// <summary>Texts in a batch; null with <see cref="BatchTokens"/>, else <see cref="LearningDefaults.BatchSize"/>.</summary>
    public int? BatchSize { get; init; }

    /// <summary>Tokens in a batch, instead of a number of texts.</summary>
    public int? BatchTokens { get; init; }

    /// <summary>Batches that make one step.</summary>
    public int GradientAccumulation { get; init; } = 1;

    /// <summary>Longest input in tokens; null: 512 or the model's limit, whichever is smaller.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Which part of a long text is kept.</summary>
    public Truncation Truncate { get; init; } = Truncation.Head;

    public double WeightDecay { get; init; } = 0.01;

    /// <summary>Share of the steps in which the learning rate rises from 0.</summary>
    public double Warmup { get; init; } = 0.06;

    /// <summary>Longest gradient that is applied as it is; 0: no clipping.</summary>
    public double Clip { get; init; } = 1.0;

    public double LabelSmoothing { get; init; }

    /// <summary><c>none</c>, <c>balanced</c>, or weights by the names of classes.</summary>
    public string ClassWeights { get; init; } = Options.ClassWeights.None;

    /// <summary>How often texts of the classes are drawn.</summary>
    public Sampling Sampling { get; init; } = Sampling.Natural;

    /// <summary>Dropout of the checkpoint's config in body and head.</summary>
    public bool Dropout { get; init; } = true;

    /// <summary>Dropout of attention weights too.</summary>
    public bool AttentionDropout { get; init; }

    /// <summary>Evaluations in an epoch; null: <see cref="LearningDefaults.EvaluationsPerEpoch"/>.</summary>
    public double? EvalPerEpoch { get; init; }

    /// <summary>Stop after so many evaluations without a better F1; 0: never.</summary>
    public int Patience { get; init; }

    /// <summary>Decides split, order of batches, new weights and dropout.</summary>
    public ulong Seed { get; init; } = 42;

    /// <summary>The name of an engine, or <see cref="EngineOffer.Auto"/>.</summary>
    public string Engine { get; init; } = EngineOffer.Auto;

    public DeviceChoice Device { get; init; } = DeviceChoice.Auto;

    public BasePrecisionChoice Precision { get; init; } = BasePrecisionChoice.Auto;

    /// <summary>CPU threads; 0: one per core.</summary>
    public int Threads { get; init; }

    /// <summary>Seconds between checkpoints in the middle of an epoch; 0: after every step.</summary>
    public double CheckpointSeconds { get; init; } = 30;

    /// <summary>Most that cached features take, in GiB; 0: none are kept.</summary>
    public double FeatureCacheGib { get; init; } = 10;

    /// <summary>True when adapters and head are trained one after the other.</summary>
    [JsonIgnore]
    public bool IsSequential => LoraEpochs is not null && HeadEpochs is not null;

    /// <summary>True when adapters are trained.</summary>
    [JsonIgnore]
    public bool TrainsAdapters => Method is TrainingMethod.Lora or TrainingMethod.LoraAndHead;

    /// <summary>True when the head is trained.</summary>
    [JsonIgnore]
    public bool TrainsHead => Method is TrainingMethod.Head or TrainingMethod.LoraAndHead;

    /// <summary>What is asked of the machine.</summary>
    [JsonIgnore]
    public MachineWish MachineWish => new(
        Device switch
        {
            DeviceChoice.Cpu => ComputeDevice.Cpu,
            DeviceChoice.Cuda => ComputeDevice.Cuda,
            _ => null,
        },
        Precision switch
        {
            BasePrecisionChoice.Fp32 => LoraOnnx.Training.Engine.BasePrecision.Fp32,
            BasePrecisionChoice.Bf16 => LoraOnnx.Training.Engine.BasePrecision.Bf16,
            _ => null,
        },
        Threads == 0 ? null : Threads);

    /// <summary>All rules that concern more than one option, broken ones in words.</summary>
    public IEnumerable<string> Problems()
    {
        foreach (var problem in Texts.Problems())
        {
            yield return problem;
        }

        if (Options.ClassWeights.Problem(ClassWeights) is { } weights)
        {
            yield return weights;
        }

        if (BatchSize is not null && BatchTokens is not null)
        {
            yield return "--batch-size and --batch-tokens are both given, expected one of them.";
        }

        if (BatchTokens < MaxLength)
        {
            yield return $"--batch-tokens is {BatchTokens}, expected at least the {MaxLength} tokens of --max-length.";
        }

        if (LoraEpochs is null != HeadEpochs is null)
        {
            yield return $"--lora-epochs and --head-epochs belong together, only --{(LoraEpochs is null ? "head" : "lora")}-epochs is given.";
        }

        if ((LoraEpochs ?? HeadEpochs) is not null && Method != TrainingMethod.LoraAndHead)
        {
            yield return $"--lora-epochs and --head-epochs are for --method lora+head, the method is {EnumNames.Of(Method)}.";
        }

        if ((LoraEpochs ?? HeadEpochs) is not null && Epochs is not null)
        {
            yield return "--epochs is given together with --lora-epochs and --head-epochs, expected one or the other.";
        }

        if (Method == TrainingMethod.Lora && HeadLearningRate is not null)
        {
            yield return "--lr-head is given, but --method lora does not train the head.";
        }

        if (HeadLearningRate == 0 && (Method == TrainingMethod.Head || IsSequential))
        {
            yield return "--lr-head is 0, at which a head that is trained alone learns nothing; expected a number above 0.";
        }

        if (Per is not null && Validation is null && Test is null)
        {
            yield return "--per needs --validation or --test: on these texts weights for one value are held against those for all.";
        }

        if (Per is null && PerTexts != new TrainingOptions().PerTexts)
        {
            yield return "--per-texts is given without --per.";
        }

        if (Patience > 0 && Validation is null)
        {
            yield return "--patience needs --validation: without it there is nothing to wait for.";
        }
    }

    /// <summary>Steps of an epoch over so many texts with so many tokens.</summary>
    public double StepsOf(int texts, long tokens) =>
        (BatchTokens is { } most ? (double)tokens / most : Math.Ceiling((double)texts / (BatchSize
            ?? LearningDefaults.BatchSize))) / GradientAccumulation;

    /// <summary>The options of a run for these classes: a new head must be trained.</summary>
    public TrainingOptions For(LabelPlan plan) => plan.IsNew && !TrainsHead ? this with { Method = TrainingMethod.LoraAndHead } : this;

    /// <summary>True where <paramref name="other"/> reads the same files in the same way.</summary>
    public bool HasFilesOf(TrainingOptions other) =>
        (Train, Validation, Test, Texts) == (other.Train, other.Validation, other.Test, other.Texts);

    /// <summary>True where <paramref name="other"/>, which reads the same files, takes the same texts of them, cut in the same way.</summary>
    public bool HasTextsOf(TrainingOptions other) =>
        HasFilesOf(other) && (TrainLimit, Split, Truncate, Seed, Per) == (other.TrainLimit, other.Split, other.Truncate, other.Seed, other.Per);

    /// <summary>Paths of what exists made absolute, so that a run can be resumed from another working directory; hub ids and counts stay.</summary>
    public TrainingOptions WithFullPaths()
    {
        static string Full(string path) => File.Exists(path) || Directory.Exists(path) ? Path.GetFullPath(path) : path;
        return this with
        {
            Model = Full(Model),
            Train = Full(Train),
            Validation = Validation is null ? null : Full(Validation),
            Test = Test is null ? null : Full(Test),
        };
    }

    /// <summary>The options as run.json keeps them.</summary>
    public JsonElement ToJson() => JsonSerializer.SerializeToElement(this, _json);

    /// <summary>Options that <see cref="ToJson"/> wrote into <paramref name="path"/>.</summary>
    /// <exception cref="InputException">They are of another version.</exception>
    public static TrainingOptions FromJson(JsonElement json, string path)
    {
        try
        {
            return json.Deserialize<TrainingOptions>(_json)!; // an object, never JSON null: JsonElement? absorbs that
        }
        catch (JsonException failure)
        {
            throw InputException.InFile(path, $"'options' cannot be read: {failure.Message}",
                "another version of lora-train wrote this run; go on with that one.", failure);
        }
    }

    /// <summary>The names under which two sets of options differ, as run.json has them, with both values.</summary>
    public static IEnumerable<(string Name, string Left, string Right)> Differences(TrainingOptions left, TrainingOptions right)
    {
        var rightJson = right.ToJson();
        return from property in left.ToJson().EnumerateObject()
               let other = rightJson.GetProperty(property.Name)
               where !JsonElement.DeepEquals(property.Value, other)
               select (property.Name, property.Value.ToString(), other.ToString());
    }
}
