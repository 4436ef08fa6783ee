using Microsoft.ML;
using Microsoft.ML.Data;

namespace LoraOnnx.MachineLearning;

/// <summary>
/// Shapes of columns can be made by ML.NET's own steps alone: this asks its custom mapping, of the same columns, what comes out. Nothing is mapped.
/// </summary>
internal static class ShapeOfRows
{
    public static SchemaShape After(TransformsCatalog catalog, SchemaShape input, ClassifyTextColumns columns)
    {
        var read = SchemaDefinition.Create(typeof(Read));
        read[nameof(Read.Text)].ColumnName = columns.Text;
        var added = SchemaDefinition.Create(typeof(Added));
        added[nameof(Added.PredictedLabel)].ColumnName = columns.PredictedLabel;
        added[nameof(Added.Probability)].ColumnName = columns.Probability;
        added[nameof(Added.Score)].ColumnName = columns.Score;
        added[nameof(Added.PredictedLabels)].ColumnName = columns.PredictedLabels;
        added[nameof(Added.Tokens)].ColumnName = columns.Tokens;
        added[nameof(Added.IsTruncated)].ColumnName = columns.IsTruncated;
        return catalog.CustomMapping<Read, Added>((_, _) => { }, contractName: null, read, added).GetOutputSchema(input);
    }

    private sealed class Read
    {
        public string Text { get; set; } = "";
    }

    private sealed class Added
    {
        public string PredictedLabel { get; set; } = "";

        public float Probability { get; set; }

        /// <summary>A shape says that a vector has a fixed size, not which.</summary>
        [VectorType(2)]
        public float[] Score { get; set; } = [];

        public string[] PredictedLabels { get; set; } = [];

        public int Tokens { get; set; }

        public bool IsTruncated { get; set; }
    }
}
