using LoraOnnx.Inference;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Serving.Batching;

namespace LoraOnnx.Serving.Models;

/// <summary>Reads a model's files into something that can run.</summary>
/// <exception cref="InputException">The files are missing or wrong.</exception>
internal delegate LoadedEngine LoadEngine(string path);

/// <summary>An engine and what is known of it.</summary>
/// <param name="Model">Labels, limits, hash.</param>
/// <param name="Tokenizer">Text to ids.</param>
/// <param name="Run">Ids to logits; may be called by several threads at once.</param>
/// <param name="Resources">Disposed when the model is no longer served.</param>
internal sealed record LoadedEngine(ModelDescription Model, TextTokenizer Tokenizer, RunBatch Run, IDisposable Resources)
{
    /// <summary>The engine of the product: ONNX Runtime.</summary>
    public static LoadEngine OnnxRuntime(InferenceOptions options) => path =>
    {
        var classifier = TextClassifier.Load(path, options);
        return new LoadedEngine(classifier.Model, classifier.Tokenizer, classifier.Run, classifier);
    };
}
