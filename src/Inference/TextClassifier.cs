using System.Security.Cryptography;
using LoraOnnx.Graph;
using LoraOnnx.Graph.Rounding;
using LoraOnnx.Inference.Variants;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Tokenization;
using Microsoft.ML.OnnxRuntime;

namespace LoraOnnx.Inference;

/// <summary>A classifier on ONNX Runtime: token ids in, logits out. Merge's proof, Serving and Evaluation share it. Runs may be called
/// concurrently.</summary>
public sealed class TextClassifier : IDisposable
{
    private static readonly Dictionary<string, string> _noMetadata = [];

    private readonly ITokenModel _model;

    private TextClassifier(ITokenModel model, ModelDescription description, TextTokenizer tokenizer)
    {
        _model = model;
        Model = description;
        Tokenizer = tokenizer;
    }

    /// <summary>Loads an ONNX file, or the model of a directory, with the config.json and tokenizer files beside it, and runs it once.</summary>
    /// <exception cref="InputException">A file is missing, malformed, or not of this contract; or the precision asked for cannot be had or fails its
    /// accuracy gate.</exception>
    public static TextClassifier Load(string path, InferenceOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var classifier = options.Precision == PrecisionRule.Fast ? new FastForms(path, options).Load() : LoadNamed(path, options);
        foreach (var warning in classifier.Model.Config.Warnings)
        {
            options.Log?.Invoke(warning);
        }

        return classifier;
    }

    private static TextClassifier LoadNamed(string path, InferenceOptions options)
    {
        var choice = PrecisionChoice.Of(path, options);
        options = LoadedGate.AsMeasured(choice, ModelConfig.Load(ModelFiles.CompanionsOf(choice.ModelFile)), options);
        var classifier = Open(path, choice, options);
        if (options.Precision == PrecisionRule.Auto)
        {
            options.Log?.Invoke($"{choice.ModelFile}: precision as in the file ({EnumNames.Of(classifier.Model.Precision)}): "
                + $"{PrecisionRule.Auto} is exact; --precision {PrecisionRule.Fast} takes the fastest form that passes its accuracy gate.");
        }

        if (options.Precision is null || choice.Precision == Precision.Bf16) // bf16 that was asked for needs no gate
        {
            return classifier;
        }

        return DisposedUnless(classifier, () => LoadedGate.Of(classifier, choice, options)) is { Passed: false } failed
            && options.Precision != PrecisionRule.Auto // a file that was named is served
            ? DisposedUnless<TextClassifier>(classifier, () => throw AccuracyGate.Refusal(choice.ModelFile, failed))
            : classifier;
    }

    /// <summary>What is found with a classifier, which is disposed where that fails.</summary>
    internal static T DisposedUnless<T>(TextClassifier classifier, Func<T> find)
    {
        try
        {
            return find();
        }
        catch
        {
            classifier.Dispose();
            throw;
        }
    }

    /// <summary>Loads a choice that was made.</summary>
    internal static TextClassifier Open(string path, PrecisionChoice choice, InferenceOptions options)
    {
        var (file, precision, onnx) = choice;
        var directory = ModelFiles.CompanionsOf(file);
        var config = ModelConfig.Load(directory);
        var tokenizer = TextTokenizer.Load(directory);
        var (model, form) = new TokenModels(file, onnx, config, tokenizer, options).Open(precision);
        return Start(model, tokenizer, new ModelDescription
        {
            Path = path,
            Hash = onnx.Hash,
            Bytes = onnx.Bytes,
            Precision = precision ?? onnx.PrecisionFor(config) ?? Precision.Fp32,
            Form = form,
            Config = config,
            MaxTokens = Math.Min(MaxTokens(config, tokenizer, onnx.Metadata), (model as PortableModel)?.MaxTokens ?? int.MaxValue),
            Truncation = EnumNames.Parse<Truncation>(onnx.Metadata.GetValueOrDefault(OnnxMetadata.Truncate)) ?? Truncation.Head,
            Metadata = onnx.Metadata,
        });
    }

    /// <summary>Makes a classifier from weights in memory, with the tokenizer of <paramref name="tokenizerDirectory"/>; the same numbers as its
    /// written file would give.</summary>
    public static TextClassifier FromWeights(
        ModelWeights weights, string tokenizerDirectory, InferenceOptions options, Precision precision = Precision.Fp32, RoundingPlan? plan = null)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(options);
        if (precision == Precision.Bf16 && Bf16Support.Refusal is { } refusal)
        {
            throw new InputException($"bf16 cannot be had: {refusal}.", "use --precision fp32.");
        }

        var kernels = CpuPrecision.Of(precision).KernelsFor(options);
        if (kernels is not null && !options.TakesAdapters)
        {
            var model = KernelModel.Of(weights, precision, plan);
            return InMemory(KernelTokenModel.Open(model, weights.Config, kernels, options), model.Graph, weights.Config,
                TextTokenizer.Load(tokenizerDirectory),
                tokenizerDirectory, precision);
        }

        if (options.TakesAdapters)
        {
            var variants = VariantModel.Of(weights, precision, kernels is not null, plan);
            return InMemory(VariantTokenModel.Open(variants, weights.Config, kernels, options), variants.Graph, weights.Config,
                TextTokenizer.Load(tokenizerDirectory), tokenizerDirectory, precision);
        }

        var serving = OnnxModelFile.ServingModel(weights, precision, plan);
        return OfServingModel(serving, weights.Config, TextTokenizer.Load(tokenizerDirectory), tokenizerDirectory, options, precision);
    }

    /// <summary>A classifier over a serving-shaped model that stands in no file.</summary>
    internal static TextClassifier OfServingModel(
        byte[] serving, ModelConfig config, TextTokenizer tokenizer, string path, InferenceOptions options, Precision precision) =>
        InMemory(PackedModel.Open(serving, config.Layout.Embeddings, options), serving, config, tokenizer, path, precision);

    private static TextClassifier InMemory(
        ITokenModel model, byte[] serving, ModelConfig config, TextTokenizer tokenizer, string path, Precision precision) =>
        Start(model, tokenizer, new ModelDescription
        {
            Path = path,
            Hash = Convert.ToHexStringLower(SHA256.HashData(serving)),
            Bytes = serving.Length,
            Precision = precision,
            Config = config,
            MaxTokens = MaxTokens(config, tokenizer, _noMetadata),
            Truncation = Truncation.Head,
            Metadata = _noMetadata,
        });

    /// <summary>What is known of the model.</summary>
    public ModelDescription Model { get; }

    /// <summary>The tokenizer that made the model's training ids.</summary>
    public TextTokenizer Tokenizer { get; }

    /// <summary>The text as the model reads it: cut where and how its training cut.</summary>
    public EncodedText Encode(string text) => Tokenizer.Encode(text, Model.MaxTokens, Model.Truncation);

    /// <summary>The same ids, as many as it says, at the beginning of an array that is exchanged for a longer one where it is too short.</summary>
    public int Encode(string text, ref int[] ids, out int totalTokens) =>
        Tokenizer.Encode(text, Model.MaxTokens, Model.Truncation, ref ids, out totalTokens);

    /// <summary>Logits [texts][labels]. Bit-equal for a text whatever it is batched with.</summary>
    /// <exception cref="OperationCanceledException">The run was stopped.</exception>
    public float[][] Run(IReadOnlyList<EncodedText> batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        var logits = new TextLogits();
        Run([.. batch.Select(text => (ReadOnlyMemory<int>)text.Ids)], logits, cancellationToken);
        return logits.ToRows();
    }

    /// <summary>The same into space that is used again, of texts given as the ids that <see cref="Encode(string, ref int[], out int)"/> made:
    /// nothing is allocated but ONNX Runtime's handles.</summary>
    /// <exception cref="OperationCanceledException">The run was stopped.</exception>
    public void Run(ReadOnlySpan<ReadOnlyMemory<int>> batch, TextLogits logits, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(logits);
        logits.Begin(batch.Length);
        logits.Order.Sort(batch, _model.MixesWidths ? null : Model.Config.MaxTokens);
        for (var from = 0; logits.Order.TryTake(from, out var width, out var texts, out var places); from += places.Length)
        {
            _model.Run(texts, width, logits, places, cancellationToken);
        }
    }

    /// <summary>Loads an adapter, a head, or both onto the model: no new session, and no other run waits for it. The caller disposes it.</summary>
    /// <exception cref="InputException">The files are wrong or do not fit, or this model takes none.</exception>
    public ModelVariant LoadVariant(VariantSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return _model is VariantTokenModel { Base: var shared } ? new VariantReader(shared, Model).Read(source)
            : throw InputException.InFile(source.Path, $"the base {Model.Path} takes no adapters: it is served {Model.Form}.",
                "adapters need a base that lora-merge wrote, on the CPU.");
    }

    /// <summary>
    /// Logits of each text by the variant that it asks. Bit-equal for a text whatever it is batched with; heads of one text share its states.
    /// </summary>
    /// <exception cref="OperationCanceledException">The run was stopped.</exception>
    /// <exception cref="ObjectDisposedException">A variant has been disposed.</exception>
    public float[][] Run(IReadOnlyList<VariantText> batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return _model is VariantTokenModel model ? model.Run(batch, cancellationToken)
            : batch.All(text => text.Variant is null) ? Run([.. batch.Select(text => text.Text)], cancellationToken)
            : throw new InvalidOperationException("This model takes no variants.");
    }

    /// <inheritdoc/>
    public void Dispose() => _model.Dispose();

    private static TextClassifier Start(ITokenModel model, TextTokenizer tokenizer, ModelDescription description)
    {
        var classifier = new TextClassifier(model, description, tokenizer);
        try
        {
            classifier.CheckFit();
            return classifier;
        }
        catch
        {
            classifier.Dispose();
            throw;
        }
    }

    /// <summary>Runs once: a model whose parts do not belong together must fail here and not on a user's text.</summary>
    private void CheckFit()
    {
        var config = Model.Config;
        if (Tokenizer.VocabularySize > config.Shape.Vocabulary)
        {
            throw InputException.InFile(Model.Path, $"the tokenizer has {Tokenizer.VocabularySize} words, the model {config.Shape.Vocabulary}.",
                "vocab.txt and the model are from different checkpoints.");
        }

        var logits = FirstRun(Encode("A first run."))[0];
        if (logits.Length != config.Task.Labels.Count)
        {
            throw InputException.InFile(Model.Path, $"gives {logits.Length} logits; config.json names {config.Task.Labels.Count} labels.",
                "config.json and the model are from different checkpoints.");
        }

        if (Model.Form == ServedForm.Padded) // of the others it is known that config.json is the file's
        {
            FirstRun(Encode(string.Join(' ', Enumerable.Repeat("a", Model.MaxTokens))));
        }
    }

    private float[][] FirstRun(EncodedText text)
    {
        try
        {
            return Run([text], CancellationToken.None);
        }
        catch (OnnxRuntimeException failure)
        {
            throw InputException.InFile(Model.Path, $"does not run a text of {text.Ids.Length} tokens: {failure.Message.ReplaceLineEndings(" ")}",
                $"config.json and the tokenizer promise texts of {Model.MaxTokens} tokens: max_position_embeddings, pad_token_id or "
                    + "model_max_length are not the file's, or the file is damaged.", failure);
        }
    }

    /// <summary>The smallest of what the model has positions for, what the tokenizer allows and what training used.</summary>
    private static int MaxTokens(ModelConfig config, TextTokenizer tokenizer, IReadOnlyDictionary<string, string> metadata)
    {
        var limit = Math.Min(config.MaxTokens, Math.Max(2, tokenizer.MaxLength));
        return metadata.TryGetValue(OnnxMetadata.MaxLength, out var text) && int.TryParse(text, out var length) && length >= 2
            ? Math.Min(length, limit)
            : limit;
    }
}
