using LoraOnnx.Evaluation.Models;
using LoraOnnx.Model.Runs;

namespace LoraOnnx.Evaluation.SideBySide;

/// <summary>Runs of lora-train side by side: ranked by the figures that they measured themselves, with the options in which they differ. Nothing is
/// scored anew.</summary>
/// <param name="By">What ranks them: <c>test</c> or <c>validation</c> texts.</param>
/// <param name="Runs">The highest F1 first, runs without figures last.</param>
/// <param name="Options">Option by option, the values of <see cref="Runs"/> in their order.</param>
internal sealed record RunRanking(string By, IReadOnlyList<RankedRun> Runs, IReadOnlyList<(string Option, IReadOnlyList<string> Values)> Options)
{
    private const string Test = "test";
    private const string Validation = "validation";

    /// <summary>Reads and ranks runs; what is no run is left out with a warning, since <c>runs/*</c> may hold other things.</summary>
    /// <exception cref="InputException">None of the paths is a run, or the runs measured themselves on other texts.</exception>
    public static RunRanking Of(IReadOnlyList<ModelArgument> arguments, Action<string> warn)
    {
        var others = arguments.Where(argument => !RunDirectory.IsRun(argument.Path)).ToList();
        if (others.Count == arguments.Count)
        {
            throw new InputException($"--data FILE is missing, and {others[0].Path} is not a run of lora-train.",
                "give the labelled texts that all models are scored on; only runs are ranked without, by their own figures.");
        }

        others.ForEach(other => warn($"{other.Path} is not a run of lora-train; it is left out."));
        var runs = arguments.Except(others).Select(argument => (argument.Name, RunDirectory.Open(argument.Path).Record)).ToList();
        var by = runs.TrueForAll(run => !run.Record.Finished || run.Record.Test is not null) ? Test : Validation;
        CheckSameTexts(by, runs);
        foreach (var (name, record) in runs.Where(run => Figures(run.Record, by) is null))
        {
            warn($"{name} has no figures on {by} texts{(record.Finished ? "" : ": it is not finished")}; it stands last.");
        }

        IReadOnlyList<RankedRun> ranked =
        [
            .. runs.Select(run => new RankedRun(run.Name, run.Record, Figures(run.Record, by)))
                .OrderByDescending(run => run.Figures?.F1 ?? -1).ThenBy(run => run.Figures?.Loss ?? 0),
        ];
        return new RunRanking(by, ranked, DifferingOptions.Of([.. ranked.Select(run => run.Record)]));
    }

    private static RunMetrics? Figures(RunRecord record, string by) => by == Test ? record.Test : record.Validation;

    /// <summary>Figures on other texts are other figures.</summary>
    private static void CheckSameTexts(string by, List<(string Name, RunRecord Record)> runs)
    {
        string? Hash(RunRecord record) => record.Data.FirstOrDefault(set => set.Role == by)?.Hash;
        var measured = runs.FindAll(run => Figures(run.Record, by) is not null);
        if (measured.Count > 0 && measured.Find(run => Hash(run.Record) != Hash(measured[0].Record)) is { Name: { } other })
        {
            throw new InputException($"{measured[0].Name} and {other} measured themselves on other {by} texts, so their figures do not rank them.",
                "give --data FILE, and all are scored on the same texts.");
        }
    }
}
