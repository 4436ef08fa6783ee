using System.Globalization;
using System.Text.Json.Nodes;

namespace LoraOnnx.Model.Runs.Values;

/// <summary>Figures on the texts of one value: the base, the weights trained on the texts of all values, and those trained on its own.</summary>
/// <param name="Run">The value and its run.</param>
/// <param name="Base">The base; null where the run has not got so far.</param>
/// <param name="Pooled">The weights for all; null where that run is not finished.</param>
/// <param name="Own">The value's own weights; null where its run is not finished.</param>
/// <param name="ScoredTexts">How many texts the figures are from.</param>
public sealed record ValueRow(ValueRun Run, RunMetrics? Base, RunMetrics? Pooled, RunMetrics? Own, int ScoredTexts)
{
    /// <summary><c>own</c>, <c>all</c> or <c>base</c>: which has the highest F1, and of equal ones the lowest loss; null where one is
    /// missing.</summary>
    public string? Best => Base is null || Pooled is null || Own is null ? null
        : new (string Name, RunMetrics Figures)[] { ("own", Own), ("all", Pooled), ("base", Base) }.OrderByDescending(one => one.Figures.F1)
            .ThenBy(one => one.Figures.Loss).First().Name;
}

/// <summary>Value by value: was it worth it to train on its texts alone. From the figures that the runs measured themselves.</summary>
/// <param name="Column">The column of the values.</param>
/// <param name="By">What was scored: <c>test</c> texts where there are some, else <c>validation</c> texts.</param>
/// <param name="Rows">A row for each value with a run of its own.</param>
/// <param name="LeftOut">The values without.</param>
public sealed record ValueTable(string Column, string By, IReadOnlyList<ValueRow> Rows, IReadOnlyList<ValueLeftOut> LeftOut)
{
    private const string Absent = "–";

    /// <summary>Names of the columns.</summary>
    public IReadOnlyList<string> Columns => [Column, "texts", $"{By} texts", "base F1", "all F1", "own F1", "best"];

    /// <summary>The values for which the weights for all are better than their own.</summary>
    public IReadOnlyList<string> BetterPooled => [.. Rows.Where(row => row.Best is not null && IsBetter(row.Pooled!, row.Own!))
        .Select(row => row.Run.Value)]; // a row with a best one has all three

    /// <summary>Reads the runs of a folder.</summary>
    /// <exception cref="InputException">One is missing or damaged.</exception>
    public static ValueTable Of(string folder, ValueRuns runs)
    {
        ArgumentNullException.ThrowIfNull(runs);
        var pooled = Record(Path.Combine(folder, runs.Pooled));
        var by = pooled?.Data.Any(set => set.Role == "test") == true ? "test" : "validation";
        return new ValueTable(runs.Column, by, [.. runs.Runs.Select(run => Row(folder, run, pooled, by))], runs.LeftOut);
    }

    /// <summary>A row a value.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Cells() =>
    [
        .. Rows.Select(row => (IReadOnlyList<string>)
        [
            row.Run.Value, Whole(row.Run.Texts), Whole(row.ScoredTexts), Percent(row.Base), Percent(row.Pooled), Percent(row.Own),
            row.Best ?? Absent,
        ]),
    ];

    /// <summary>For which values the weights for all are better, and which have no others.</summary>
    public string Words()
    {
        var finished = Rows.Count(row => row.Best is not null);
        var better = finished == 0 ? "No run is finished."
            : BetterPooled.Count == 0 ? $"For each of the {finished} values its own weights are at least as good as those for all."
            : $"The weights for all are better for {BetterPooled.Count} of {finished} values: {Names(BetterPooled)}.";
        var rest = LeftOut.Count == 0 ? ""
            : $" Without weights of their own: {Names([.. LeftOut.Select(left => $"{left.Value} ({left.Why})")])}.";
        return $"{better}{rest} Figures are F1 in % on the {By} texts of the value; whether a difference is more than chance: "
            + "lora-compare FOLDER --data FILE.";
    }

    /// <summary>The same for programs.</summary>
    public JsonObject Json() => new()
    {
        ["column"] = Column,
        ["texts"] = By,
        ["values"] = new JsonArray([.. Rows.Select(row => (JsonNode)new JsonObject
        {
            ["value"] = row.Run.Value,
            ["folder"] = row.Run.Folder,
            ["training_texts"] = row.Run.Texts,
            ["scored_texts"] = row.ScoredTexts,
            ["base_f1"] = row.Base?.F1,
            ["all_f1"] = row.Pooled?.F1,
            ["own_f1"] = row.Own?.F1,
            ["best"] = row.Best,
        })]),
        ["better_pooled"] = new JsonArray([.. BetterPooled.Select(value => (JsonNode)value)]),
        ["left_out"] = new JsonArray([.. LeftOut.Select(left => (JsonNode)new JsonObject
        {
            ["value"] = left.Value,
            ["training_texts"] = left.Texts,
            ["why"] = left.Why,
        })]),
    };

    private static ValueRow Row(string folder, ValueRun run, RunRecord? pooled, string by)
    {
        var own = Record(Path.Combine(folder, run.Folder));
        var ofAll = pooled?.Values?.FirstOrDefault(figures => figures.Value == run.Value);
        var isTest = by == "test";
        return new ValueRow(run, isTest ? own?.RawTest : own?.Raw, isTest ? ofAll?.Test : ofAll?.Validation, isTest ? own?.Test : own?.Validation,
            own?.Data.FirstOrDefault(set => set.Role == by)?.Texts ?? 0);
    }

    private static RunRecord? Record(string folder) => RunDirectory.IsRun(folder) ? RunDirectory.Open(folder).Record : null;

    private static bool IsBetter(RunMetrics one, RunMetrics other) => one.F1 > other.F1 || (one.F1 == other.F1 && one.Loss < other.Loss);

    private static string Names(IReadOnlyList<string> names)
    {
        const int Most = 20;
        return string.Join(", ", names.Take(Most)) + (names.Count > Most ? $" and {Whole(names.Count - Most)} more" : "");
    }

    private static string Percent(RunMetrics? figures) =>
        figures is null ? Absent : (100 * figures.F1).ToString("0.00", CultureInfo.InvariantCulture);

    private static string Whole(int number) => number.ToString(CultureInfo.InvariantCulture);
}
