using LoraOnnx.Model;
using LoraOnnx.Texts.Parquet;

namespace LoraOnnx.Scoring.Output;

/// <summary>A column that the output has and the input has not: the one list of what is said of a row, whatever the format.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">What its cells are.</param>
/// <param name="Of">A row's cell: a string, a number, a truth value, a list of strings, or null where the row has no verdict.</param>
internal sealed record AddedColumn(string Name, StoredKind Kind, Func<ScoredText, object?> Of)
{
    /// <summary>The columns of a task, in their order.</summary>
    public static IReadOnlyList<AddedColumn> All(ClassificationTask task)
    {
        var labels = task.Labels;
        List<AddedColumn> columns = [new("label", StoredKind.Text, text => text.Verdict is { } verdict ? labels[verdict.Label] : null)];
        if (task.IsMultiLabel)
        {
            columns.Add(new("labels", StoredKind.Text, text => text.Verdict is { } verdict ? Names(labels, verdict.Holding) : null));
        }

        columns.Add(new("score", StoredKind.Number, text => text.Verdict is { } verdict ? verdict.Scores[verdict.Label] : null));
        columns.AddRange(labels.Select((label, index) =>
            new AddedColumn($"score_{label}", StoredKind.Number, text => text.Verdict is { } verdict ? verdict.Scores[index] : null)));
        columns.Add(new("truncated", StoredKind.Truth, text => text.Verdict is { } verdict ? verdict.Truncated : null));
        columns.Add(new("error", StoredKind.Text, text => text.Error));
        return columns;
    }

    /// <summary>A list as one cell.</summary>
    public static string Joined(IReadOnlyList<string> labels) => string.Join('|', labels);

    private static string[] Names(IReadOnlyList<string> labels, IReadOnlyList<int> holding) => [.. holding.Select(label => labels[label])];
}
