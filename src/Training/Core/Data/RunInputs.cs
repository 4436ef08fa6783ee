using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Texts;
using LoraOnnx.Training.Options;
using LoraOnnx.Training.Steps;

namespace LoraOnnx.Training.Data;

/// <summary>What a run starts from: the base, the classes, the texts encoded.</summary>
internal sealed class RunInputs
{
    private readonly TrainingOptions _given;
    private readonly RawTexts _raw;
    private readonly RunRules _rules;
    private TrainingTexts? _ofValue;

    private RunInputs(TrainingOptions given, RawTexts raw, RunRules rules)
    {
        _given = given;
        _raw = raw;
        _rules = rules;
    }

    /// <summary>Which classes are trained.</summary>
    public required LabelPlan Plan { get; init; }

    /// <summary>The options of a run for these classes.</summary>
    public required TrainingOptions Options { get; init; }

    /// <summary>The base.</summary>
    public required BaseModel Base { get; init; }

    /// <summary>Longest input in tokens.</summary>
    public required int MaxLength { get; init; }

    /// <summary>The adapters, or null where none are trained.</summary>
    public required EffectiveAdapters? Adapters { get; init; }

    /// <summary>The texts of the run: all, or those of one value of --per.</summary>
    public TrainingTexts Texts => _given.Value is { } value ? _ofValue ??= AllTexts.Only(value) : AllTexts;

    /// <summary>The texts of all values of --per.</summary>
    public required TrainingTexts AllTexts { get; init; }

    /// <summary>Reads what <paramref name="given"/> names, and takes from the run <paramref name="before"/> what would be the same.</summary>
    /// <exception cref="InputException">Base or texts are missing or broken, or do not fit each other or the options.</exception>
    public static RunInputs Read(TrainingOptions given, string directory, RunRules rules, RunInputs? before, CancellationToken cancellationToken)
    {
        var checkpoint = Checkpoint.Open(directory);
        if (given.TrainsAdapters)
        {
            _ = EffectiveAdapters.Of(given, checkpoint.Config); // targets that match nothing are told before anything is read
        }

        var raw = before is not null && before._given.HasFilesOf(given) ? before._raw : RawTexts.Read(given, cancellationToken);
        var plan = LabelPlan.Of(raw.Train, given.Texts, checkpoint.Config.Task, checkpoint.HasHead);
        var options = given.For(plan);
        var hasBaseOf = before is not null && ReferenceEquals(raw, before._raw) && before.Base.Directory == directory
            && before._rules == rules && (!plan.IsNew || before.Options.Seed == options.Seed);
        var @base = hasBaseOf ? before!.Base : BaseModel.Load(checkpoint, plan, options, rules); // there is a run before
        var maxLength = @base.MaxLength(options);
        var adapters = options.TrainsAdapters ? EffectiveAdapters.Of(options, @base.Config) : null;
        var areShared = hasBaseOf && before!.MaxLength == maxLength && before.Options.HasTextsOf(options);
        return new RunInputs(given, raw, rules)
        {
            Plan = plan,
            Options = options,
            Base = @base,
            MaxLength = maxLength,
            Adapters = adapters,
            AllTexts = areShared ? before!.AllTexts : TrainingTexts.Encode(raw, options, @base, maxLength, cancellationToken),
        };
    }
}

/// <summary>What the last of several runs started from, kept for the next.</summary>
internal sealed class LastInputs
{
    private RunInputs? _last;
    private TrainingTexts? _told;

    /// <summary>True before the first run.</summary>
    public bool AreFirst => _told is null;

    /// <summary>True the first time that it is asked about these texts: runs that share them tell of them once.</summary>
    public bool AreNew(TrainingTexts all) => !ReferenceEquals(_told, all) && (_told = all) is not null;

    /// <summary>As <see cref="RunInputs.Read"/>, from the run before.</summary>
    public RunInputs Read(TrainingOptions given, string directory, RunRules rules, CancellationToken cancellationToken) =>
        _last = RunInputs.Read(given, directory, rules, _last, cancellationToken);
}
