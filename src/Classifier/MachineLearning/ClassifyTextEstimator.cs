using Microsoft.ML;

namespace LoraOnnx.MachineLearning;

/// <summary>A step of a pipeline that adds what a classifier makes of a column of texts. Made by
/// <see cref="ClassifyTextCatalog"/>.</summary>
public sealed class ClassifyTextEstimator : IEstimator<ClassifyTextTransformer>
{
    private readonly TransformsCatalog _catalog;
    private readonly Func<ITextClassifier> _load;
    private readonly ClassifyTextColumns _columns;
    private readonly bool _ownsClassifier;

    internal ClassifyTextEstimator(TransformsCatalog catalog, Func<ITextClassifier> load, ClassifyTextColumns? columns, bool ownsClassifier)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        _catalog = catalog;
        _load = load;
        _columns = columns ?? new ClassifyTextColumns();
        _ownsClassifier = ownsClassifier;
    }

    /// <summary>Loads the model and asks it for the names of its classes.</summary>
    /// <param name="input">Data with the column of texts; no row is read.</param>
    /// <exception cref="ArgumentException">There is no such column, or it is not of type text.</exception>
    /// <remarks>As <see cref="TextClassifier.Load(string)"/> it throws <c>InputException</c> when a file of the model is missing or wrong.</remarks>
    /// <exception cref="TextClassificationException">The server could not answer.</exception>
    public ClassifyTextTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        AddedColumns.TextOf(input.Schema, _columns);
        return new ClassifyTextTransformer(_load(), _columns, _ownsClassifier);
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema) => ShapeOfRows.After(_catalog, inputSchema, _columns);
}
