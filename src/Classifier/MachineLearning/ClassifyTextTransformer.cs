using Microsoft.ML;
using Microsoft.ML.Data;

namespace LoraOnnx.MachineLearning;

/// <summary>Adds to rows what a classifier makes of their texts: in batches where a whole view is read, one by one for a prediction
/// engine.</summary>
public sealed class ClassifyTextTransformer : ITransformer, IDisposable
{
    private readonly ITextClassifier _classifier;
    private readonly ClassifyTextColumns _columns;
    private readonly bool _ownsClassifier;

    internal ClassifyTextTransformer(ITextClassifier classifier, ClassifyTextColumns columns, bool ownsClassifier)
    {
        _classifier = classifier;
        _columns = columns;
        _ownsClassifier = ownsClassifier;
        Labels = [.. Answers([""])[0].Scores.Select(score => score.Label)];
    }

    /// <summary>Names of the classes, in the order of the scores.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <inheritdoc/>
    public bool IsRowToRowMapper => true;

    /// <inheritdoc/>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => Columns(inputSchema).Schema;

    /// <inheritdoc/>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => new ClassifyRow(inputSchema, Columns(inputSchema), Answers);

    /// <inheritdoc/>
    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new ClassifiedView(input, Columns(input.Schema), Answers);
    }

    /// <summary>Not possible: the model is a directory already.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    void ICanSaveModel.Save(ModelSaveContext ctx) =>
        throw new NotSupportedException("A text classifier is not saved with a pipeline: keep its directory, and add ClassifyText after loading.");

    /// <summary>Frees the model, where this step loaded it.</summary>
    public void Dispose()
    {
        if (_ownsClassifier)
        {
            (_classifier as IDisposable)?.Dispose();
        }
    }

    private AddedColumns Columns(DataViewSchema input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new AddedColumns(input, _columns, Labels);
    }

    /// <summary>ML.NET's cursors are synchronous.</summary>
    private IReadOnlyList<TextClassification> Answers(IReadOnlyList<string> texts) =>
        _classifier.ClassifyAsync(texts).AsTask().GetAwaiter().GetResult();
}
