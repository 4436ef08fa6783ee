using LoraOnnx.Texts;
using LoraOnnx.Training.Options;

namespace LoraOnnx.Training.Data;

/// <summary>The texts of a run, read and encoded.</summary>
internal sealed class TrainingTexts
{
    private TrainingTexts(TextSet train, TextSet? validation, TextSet? test, IReadOnlyList<string> notes, IReadOnlyList<string> warnings)
    {
        Train = train;
        Validation = validation;
        Test = test;
        Notes = notes;
        Warnings = warnings;
    }

    public TextSet Train { get; }

    /// <summary>Null without --validation.</summary>
    public TextSet? Validation { get; }

    /// <summary>Null without --test.</summary>
    public TextSet? Test { get; }

    /// <summary>What was chosen in reading the files.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>What looks wrong with the texts.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>The sets there are.</summary>
    public IEnumerable<TextSet> All => new[] { Train, Validation, Test }.OfType<TextSet>();

    /// <summary>The column whose values have runs of their own, or null.</summary>
    public string? Per { get; private init; }

    /// <summary>The texts of one value of --per; there must be training texts of it.</summary>
    /// <exception cref="InputException">There are none, so the file is another than when the run began.</exception>
    public TrainingTexts Only(string value) => new(
        Train.Only(Per!, value) ?? throw InputException.InFile(Train.Source, $"has no training text whose {Per} is '{value}'.",
            "a run goes on with the same texts only; bring them back, or start a new run."),
        Validation?.Only(Per!, value), // a run for a value has a column
        Test?.Only(Per!, value), [], [])
    {
        Per = Per,
    };

    /// <summary>Splits off validation texts and encodes.</summary>
    /// <exception cref="InputException">A label is none of the classes, or a file is too small for the split.</exception>
    public static TrainingTexts Encode(RawTexts raw, TrainingOptions options, BaseModel model, int maxLength, CancellationToken cancellationToken)
    {
        var task = model.Config.Task;
        TextSet Encode(string role, string source, IReadOnlyList<LabelledText> texts) =>
            TextSet.Encode(role, source, texts, text => model.Tokenizer.Encode(text, maxLength, options.Truncate), cancellationToken);

        IReadOnlyList<LabelledText> Labelled(string source, IReadOnlyList<TextRow> rows) => LabelledTexts.Of(source, rows, options.Texts, task);
        var (train, validation) = TextSplit.Take(Labelled(options.Train, raw.Train), options,
            file => Labelled(file, raw.Validation!)); // a file was read
        var test = options.Test is { } tested ? Labelled(tested, raw.Test!) : null; // as well
        var trainSet = Encode("train", options.Train, train);
        var sets = new List<(string, IReadOnlyList<LabelledText>)> { ("train", train) };
        if (validation is not null)
        {
            sets.Add(("validation", validation));
        }

        if (test is not null)
        {
            sets.Add(("test", test));
        }

        // validation came from that option
        var validationSource = validation is null ? null : ValidationSource.Parse(options.Validation!).File ?? options.Train;
        return new TrainingTexts(
            trainSet,
            validation is null ? null : Encode("validation", validationSource!, validation),
            test is null ? null : Encode("test", options.Test!, test),
            raw.Notes,
            [.. raw.Warnings, .. DataSummary.Warnings(sets, trainSet.Describe(task.Labels)), .. DataSummary.UndefinedF1(sets, task)])
        {
            Per = options.Per,
        };
    }
}
