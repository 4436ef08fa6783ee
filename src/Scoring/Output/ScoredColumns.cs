using LoraOnnx.Model;
using LoraOnnx.Texts;

namespace LoraOnnx.Scoring.Output;

/// <summary>The columns of the output: those of the input, then what the model says. A column of the input that is called like one of ours is kept as
/// <c>input_NAME</c>.</summary>
internal sealed class ScoredColumns
{
    private readonly IReadOnlyList<string> _input;
    private readonly Dictionary<string, int> _places;

    public ScoredColumns(IReadOnlyList<string> input, ClassificationTask task)
    {
        _input = input;
        _places = input.Select((name, place) => (name, place)).DistinctBy(pair => pair.name)
            .ToDictionary(pair => pair.name, pair => pair.place, StringComparer.Ordinal);
        Added = AddedColumn.All(task);
        var taken = Added.Select(column => column.Name).ToHashSet(StringComparer.Ordinal);
        var kept = new List<string>();
        foreach (var name in input)
        {
            var wanted = Added.Any(column => column.Name == name) ? $"input_{name}" : name;
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

    /// <summary>What the columns of the input are called, in order.</summary>
    public IReadOnlyList<string> Kept { get; }

    /// <summary>The same, by their names in the input.</summary>
    public Dictionary<string, string> Names { get; } = new(StringComparer.Ordinal);

    /// <summary>The columns that come behind them.</summary>
    public IReadOnlyList<AddedColumn> Added { get; }

    /// <summary>A row's own cells in the order of <see cref="Kept"/>; null where it has none.</summary>
    public LabelCell?[] Arranged(TextRow row)
    {
        var cells = new LabelCell?[Kept.Count];
        for (var cell = 0; cell < row.Cells.Count; cell++)
        {
            var isInOrder = row.Names.Count == _input.Count && row.Names[cell] == _input[cell]; // two columns may have one name
            cells[isInOrder ? cell : _places[row.Names[cell]]] = row.Cells[cell];
        }

        return cells;
    }

    /// <summary>Columns of the input with another name than there, for people; null where there are none.</summary>
    public string? Renamed => string.Join(", ", Names.Where(pair => pair.Key != pair.Value).Select(pair => $"'{pair.Key}' as '{pair.Value}'"))
        is { Length: > 0 } text ? text : null;
}
