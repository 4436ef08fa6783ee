using LoraOnnx.Model;

namespace LoraOnnx.Scoring.Output;

/// <summary>The columns of the output: those of the input, then what the model says. A column of the input that is called like one of ours is kept as
/// <c>input_NAME</c>.</summary>
internal sealed class ScoredColumns
{
    public ScoredColumns(IReadOnlyList<string> input, ClassificationTask task)
    {
        Task = task;
        Added = ["label", .. task.IsMultiLabel ? ["labels"] : Array.Empty<string>(), "score", .. task.Labels.Select(label => $"score_{label}"),
            "truncated", "error"];
        var taken = Added.ToHashSet(StringComparer.Ordinal);
        var kept = new List<string>();
        foreach (var name in input)
        {
            var wanted = Added.Contains(name) ? $"input_{name}" : name;
            var free = wanted;
            for (var number = 2; !taken.Add(free); number++)
            {
                free = $"{wanted}_{number}";
            }

            kept.Add(free);
            Names.TryAdd(name, free);
        }

        Kept = kept;
    }

    public ClassificationTask Task { get; }

    /// <summary>What the columns of the input are called, in order.</summary>
    public IReadOnlyList<string> Kept { get; }

    /// <summary>The same, by their names in the input.</summary>
    public Dictionary<string, string> Names { get; } = new(StringComparer.Ordinal);

    /// <summary>Names of the columns that come behind them.</summary>
    public IReadOnlyList<string> Added { get; }

    /// <summary>Columns of the input with another name than there, for people; null where there are none.</summary>
    public string? Renamed => string.Join(", ", Names.Where(pair => pair.Key != pair.Value).Select(pair => $"'{pair.Key}' as '{pair.Value}'"))
        is { Length: > 0 } text ? text : null;
}
