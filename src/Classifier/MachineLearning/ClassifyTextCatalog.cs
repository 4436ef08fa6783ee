using LoraOnnx;
using LoraOnnx.MachineLearning;

namespace Microsoft.ML;

/// <summary>Text classifiers among the transforms of ML.NET.</summary>
public static class ClassifyTextCatalog
{
    /// <summary>Classifies a column of texts with a model that lora-merge wrote. There is nothing to learn: fitting loads the model, and the
    /// transformer frees it when it is disposed.</summary>
    /// <param name="catalog">The transforms of a context.</param>
    /// <param name="path">An ONNX file or its directory.</param>
    /// <param name="columns">Names of the columns; null: those of ML.NET, texts in <c>Text</c>.</param>
    /// <param name="options">Where and how the model runs; null: the defaults.</param>
    public static ClassifyTextEstimator ClassifyText(
        this TransformsCatalog catalog, string path, ClassifyTextColumns? columns = null, TextClassifierOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        return new ClassifyTextEstimator(
            catalog, () => TextClassifier.Load(path, options ?? new TextClassifierOptions()), columns, ownsClassifier: true);
    }

    /// <summary>Classifies a column of texts with a classifier that is there, in this process or on a server; the caller disposes it.</summary>
    /// <param name="catalog">The transforms of a context.</param>
    /// <param name="classifier">What answers.</param>
    /// <param name="columns">Names of the columns; null: those of ML.NET, texts in <c>Text</c>.</param>
    public static ClassifyTextEstimator ClassifyText(
        this TransformsCatalog catalog, ITextClassifier classifier, ClassifyTextColumns? columns = null)
    {
        ArgumentNullException.ThrowIfNull(classifier);
        return new ClassifyTextEstimator(catalog, () => classifier, columns, ownsClassifier: false);
    }
}
