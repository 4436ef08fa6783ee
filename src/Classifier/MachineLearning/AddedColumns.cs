using Microsoft.ML;
using Microsoft.ML.Data;

namespace LoraOnnx.MachineLearning;

/// <summary>The columns of an input and, behind them, those of its classifications.</summary>
internal sealed class AddedColumns
{
    private readonly int _first;

    public AddedColumns(DataViewSchema input, ClassifyTextColumns names, IReadOnlyList<string> labels)
    {
        Text = TextOf(input, names);
        _first = input.Count;
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(input);
        builder.AddColumn(names.PredictedLabel, TextDataViewType.Instance);
        builder.AddColumn(names.Probability, NumberDataViewType.Single);
        builder.AddColumn(names.Score, new VectorDataViewType(NumberDataViewType.Single, labels.Count), SlotNames(labels));
        builder.AddColumn(names.PredictedLabels, new VectorDataViewType(TextDataViewType.Instance));
        builder.AddColumn(names.Tokens, NumberDataViewType.Int32);
        builder.AddColumn(names.IsTruncated, BooleanDataViewType.Instance);
        Schema = builder.ToSchema();
    }

    /// <summary>The input's column of texts.</summary>
    public DataViewSchema.Column Text { get; }

    public DataViewSchema Schema { get; }

    /// <summary>The column of texts, which must be there.</summary>
    public static DataViewSchema.Column TextOf(DataViewSchema input, ClassifyTextColumns names) =>
        input.GetColumnOrNull(names.Text) is not { } column
            ? throw new ArgumentException($"The data has no column '{names.Text}'; it has {string.Join(", ", input.Select(each => each.Name))}.")
            : column.Type is TextDataViewType ? column
            : throw new ArgumentException($"The column '{names.Text}' is of type {column.Type}, expected text.");

    public bool IsAdded(DataViewSchema.Column column) => column.Index >= _first;

    /// <summary>Columns of the input that are needed for some of the output.</summary>
    public IEnumerable<DataViewSchema.Column> Needed(DataViewSchema input, IEnumerable<DataViewSchema.Column> columns) => columns
        .Select(column => IsAdded(column) ? Text : input[column.Index]).DistinctBy(column => column.Index);

    /// <summary>How an added column is read off the classification at hand.</summary>
    public ValueGetter<TValue> Getter<TValue>(DataViewSchema.Column column, Func<TextClassification> current)
    {
        Delegate getter = (column.Index - _first) switch
        {
            0 => (ValueGetter<ReadOnlyMemory<char>>)((ref value) => value = current().Label.AsMemory()),
            1 => (ValueGetter<float>)((ref value) => value = (float)current().Score),
            2 => (ValueGetter<VBuffer<float>>)((ref value) => Fill(ref value, current().Scores, score => (float)score.Score)),
            3 => (ValueGetter<VBuffer<ReadOnlyMemory<char>>>)((ref value) => Fill(ref value, current().Labels, label => label.AsMemory())),
            4 => (ValueGetter<int>)((ref value) => value = current().Tokens),
            _ => (ValueGetter<bool>)((ref value) => value = current().IsTruncated),
        };
        return getter as ValueGetter<TValue>
            ?? throw new InvalidOperationException($"The column '{column.Name}' is of type {column.Type}, not of {typeof(TValue)}.");
    }

    private static void Fill<TFrom, TValue>(ref VBuffer<TValue> value, IReadOnlyList<TFrom> from, Func<TFrom, TValue> valueOf)
    {
        var editor = VBufferEditor.Create(ref value, from.Count);
        for (var i = 0; i < from.Count; i++)
        {
            editor.Values[i] = valueOf(from[i]);
        }

        value = editor.Commit();
    }

    private static DataViewSchema.Annotations SlotNames(IReadOnlyList<string> labels)
    {
        var builder = new DataViewSchema.Annotations.Builder();
        builder.Add("SlotNames", new VectorDataViewType(TextDataViewType.Instance, labels.Count),
            (ref VBuffer<ReadOnlyMemory<char>> value) => Fill(ref value, labels, label => label.AsMemory()));
        return builder.ToAnnotations();
    }
}
