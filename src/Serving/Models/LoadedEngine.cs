using LoraOnnx.Inference;
using LoraOnnx.Inference.Explanations;
using LoraOnnx.Inference.Variants;
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
internal sealed record LoadedEngine(ModelDescription Model, TextTokenizer Tokenizer, RunTexts Run, IDisposable Resources)
{
    /// <summary>Runs texts of any variants together; null: the engine has none.</summary>
    public RunVariants? RunVariants { get; init; }

    /// <summary>Loads a variant onto the engine; its engine runs here. Null: the engine takes none.</summary>
    public Func<VariantSource, LoadedEngine>? LoadVariant { get; init; }

    /// <summary>Opens what explains the engine's answers; null: they cannot be explained.</summary>
    public Func<TextExplainer>? OpenExplainer { get; init; }

    /// <summary>Of a variant's engine: the variant.</summary>
    public ModelVariant? Variant { get; init; }

    /// <summary>What a user should know of the files; a line each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The engine of the product: ONNX Runtime.</summary>
    public static LoadEngine OnnxRuntime(InferenceOptions options) => path =>
    {
        var classifier = TextClassifier.Load(path, options);

        // The file's bytes and those of the graph made of it, twice the model, are garbage now, and nothing would collect it for long.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return new LoadedEngine(classifier.Model, classifier.Tokenizer, classifier.Run, classifier)
        {
            RunVariants = classifier.Run,
            OpenExplainer = () => TextExplainer.Open(classifier, options),
            LoadVariant = source =>
            {
                var variant = classifier.LoadVariant(source);
                return new LoadedEngine(variant.Model, classifier.Tokenizer, Run, variant) { Variant = variant, Notes = variant.Notes };

                float[][] Run(IReadOnlyList<EncodedText> batch, CancellationToken cancellationToken) =>
                    classifier.Run([.. batch.Select(text => new VariantText(text, variant))], cancellationToken);
            },
        };
    };
}
