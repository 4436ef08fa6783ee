using Microsoft.ML;
using Microsoft.ML.Data;

namespace LoraOnnx.MachineLearning;

/// <summary>Goes through rows; another cursor is ahead by up to <see cref="TextsAhead"/> texts, which are classified together.</summary>
/// <param name="rows">The rows; disposed with this.</param>
/// <param name="ahead">The same rows, for their texts; null where no classification is asked for. Disposed with this.</param>
/// <param name="needed">Columns that are asked for.</param>
/// <param name="columns">The output's columns.</param>
/// <param name="classify">What answers.</param>
internal sealed class ClassifiedCursor(
    DataViewRowCursor rows, DataViewRowCursor? ahead, List<DataViewSchema.Column> needed, AddedColumns columns, Classify classify) : DataViewRowCursor
{
    /// <summary>Enough that a model's batches are full.</summary>
    private const int TextsAhead = 256;

    private readonly HashSet<int> _active = [.. needed.Select(column => column.Index)];
    private IReadOnlyList<TextClassification> _answers = [];
    private int _answer = -1;

    public override DataViewSchema Schema => columns.Schema;

    public override long Position => rows.Position;

    public override long Batch => rows.Batch;

    public override ValueGetter<DataViewRowId> GetIdGetter() => rows.GetIdGetter();

    public override bool IsColumnActive(DataViewSchema.Column column) => _active.Contains(column.Index);

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => columns.IsAdded(column)
        ? columns.Getter<TValue>(column, () => _answers[_answer])
        : rows.GetGetter<TValue>(rows.Schema[column.Index]);

    public override bool MoveNext()
    {
        if (ahead is not null && ++_answer == _answers.Count)
        {
            _answers = classify(Texts(ahead));
            _answer = 0;
        }

        return rows.MoveNext();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            rows.Dispose();
            ahead?.Dispose();
        }

        base.Dispose(disposing);
    }

    private List<string> Texts(DataViewRowCursor cursor)
    {
        var getter = cursor.GetGetter<ReadOnlyMemory<char>>(cursor.Schema[columns.Text.Index]);
        var texts = new List<string>(TextsAhead);
        ReadOnlyMemory<char> text = default;
        while (texts.Count < TextsAhead && cursor.MoveNext())
        {
            getter(ref text);
            texts.Add(text.ToString());
        }

        return texts;
    }
}
