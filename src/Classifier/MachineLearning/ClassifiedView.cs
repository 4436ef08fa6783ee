using Microsoft.ML;

namespace LoraOnnx.MachineLearning;

/// <summary>Answers of texts, in their order.</summary>
internal delegate IReadOnlyList<TextClassification> Classify(IReadOnlyList<string> texts);

/// <summary>Rows with their classifications, which are made when they are read.</summary>
internal sealed class ClassifiedView(IDataView input, AddedColumns columns, Classify classify) : IDataView
{
    /// <summary>A second cursor reads the texts ahead, and must meet the same rows.</summary>
    public bool CanShuffle => false;

    public DataViewSchema Schema => columns.Schema;

    public long? GetRowCount() => input.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        var needed = columnsNeeded.ToList();
        var ahead = needed.Exists(columns.IsAdded) ? input.GetRowCursor([columns.Text]) : null;
        return new ClassifiedCursor(input.GetRowCursor(columns.Needed(input.Schema, needed)), ahead, needed, columns, classify);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded)];
}
