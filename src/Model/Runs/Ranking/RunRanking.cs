namespace LoraOnnx.Model.Runs.Ranking;

/// <summary>Runs of lora-train side by side: ranked by the figures that they measured themselves, with the options in which they differ. Nothing is
/// scored anew.</summary>
/// <param name="By">What ranks them: <c>test</c> or <c>validation</c> texts.</param>
/// <param name="Runs">The highest F1 first, runs without figures last.</param>
/// <param name="Options">Option by option, the values of <see cref="Runs"/> in their order; null where an option had no effect.</param>
public sealed record RunRanking(string By, IReadOnlyList<RankedRun> Runs, IReadOnlyList<(string Option, IReadOnlyList<string?> Values)> Options)
{
    /// <summary>Texts that chose nothing: they say which run is better.</summary>
    public const string Test = "test";

    /// <summary>Texts to choose by: among many runs the best on the test texts is better on them than it is.</summary>
    public const string Validation = "validation";

    /// <summary>Ranks runs.</summary>
    /// <param name="runs">Name and record of each, at least one.</param>
    /// <param name="preferred"><see cref="Test"/> or <see cref="Validation"/>, where all finished runs have such figures, and on the same
    /// texts; else the other.</param>
    /// <param name="warn">Told of runs that have no figures.</param>
    /// <exception cref="InputException">The runs measured themselves on other texts.</exception>
    public static RunRanking Of(IReadOnlyList<(string Name, RunRecord Record)> runs, string preferred, Action<string> warn)
    {
        ArgumentNullException.ThrowIfNull(runs);
        ArgumentNullException.ThrowIfNull(warn);
        RefuseOtherQuestions(runs);
        string[] kinds = preferred == Test ? [Test, Validation] : [Validation, Test];
        var known = Array.FindAll(kinds, kind => runs.All(run => !run.Record.Finished || Figures(run.Record, kind) is not null));
        var by = Array.Find(known, kind => OfOtherTexts(kind, runs) is null) ?? known.FirstOrDefault(Validation);
        if (OfOtherTexts(by, runs) is var (one, another))
        {
            throw new InputException($"{one} and {another} measured themselves on other {by} texts, so their figures do not rank them.",
                "lora-compare .. --data FILE scores all on the same texts.");
        }

        foreach (var (name, record) in runs.Where(run => Figures(run.Record, by) is null))
        {
            warn($"{name} has no figures on {by} texts{(record.Finished ? "" : ": it is not finished")}; it stands last.");
        }

        IReadOnlyList<RankedRun> ranked =
        [
            .. runs.Select(run => new RankedRun(run.Name, run.Record, Figures(run.Record, by)))
                .OrderByDescending(run => run.Figures?.F1 ?? -1).ThenBy(run => run.Figures?.Loss ?? 0),
        ];
        return new RunRanking(by, ranked, RunOptions.Differing([.. ranked.Select(run => run.Record)]));
    }

    /// <summary>F1 of two classes, of three and of several labels a text are figures of different kinds.</summary>
    private static void RefuseOtherQuestions(IReadOnlyList<(string Name, RunRecord Record)> runs)
    {
        static bool IsSame(RunRecord one, RunRecord other) => one.Labels is null || other.Labels is null
            || (one.ProblemType == other.ProblemType && one.Labels.Count == other.Labels.Count);
        var (first, record) = runs[0];
        if (runs.FirstOrDefault(run => !IsSame(record, run.Record)) is { Name: { } name, Record: var other })
        {
            throw new InputException($"{first} has {Described(record)}, {name} has {Described(other)}: their figures do not rank them.",
                "give runs of the same classes.");
        }
    }

    private static string Described(RunRecord record)
    {
        var labels = record.Labels ?? [];
        var kind = record.ProblemType == ClassificationTask.NameOf(ProblemType.MultiLabel) ? "labels of which any may hold" : "classes";
        return $"{labels.Count} {kind} ({string.Join(", ", labels.Take(6))}{(labels.Count > 6 ? ", ..." : "")})";
    }

    /// <summary>The figures of a run on one kind of texts.</summary>
    internal static RunMetrics? Figures(RunRecord record, string by) => by == Test ? record.Test : record.Validation;

    /// <summary>Two runs that measured themselves on different texts, or null: figures on other texts are other figures.</summary>
    private static (string One, string Another)? OfOtherTexts(string by, IReadOnlyList<(string Name, RunRecord Record)> runs)
    {
        static string? HashOf(RunRecord record, string by) => record.Data.FirstOrDefault(set => set.Role == by)?.Hash;
        var measured = runs.Where(run => Figures(run.Record, by) is not null).ToList();
        return measured.Find(run => HashOf(run.Record, by) != HashOf(measured[0].Record, by)) is { Name: { } other } ? (measured[0].Name, other)
            : null;
    }
}
