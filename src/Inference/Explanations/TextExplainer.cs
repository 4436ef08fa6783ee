using LoraOnnx.Graph;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Inference.Explanations;

/// <summary>
/// Explains the answers of a classifier, in fp32, by a session of its own over the same weights. May be called concurrently; the owner disposes.
/// </summary>
public sealed class TextExplainer : IDisposable
{
    /// <summary>Steps at first.</summary>
    public const int FewestSteps = 8;

    /// <summary>Steps at most.</summary>
    public const int MostSteps = 128;

    /// <summary>What one step costs, in forward passes of the same text: what is counted before it runs. Measured 2.0 to 2.5 (the benchmark
    /// <c>explanations</c>).</summary>
    public const double ForwardPassesOfStep = 2.5;

    private readonly GradientModel _model;
    private readonly TextTokenizer _tokenizer;

    private TextExplainer(GradientModel model, TextTokenizer tokenizer) => (_model, _tokenizer) = (model, tokenizer);

    /// <summary>Of a classifier that was loaded from a file: reads the file again; of 8-bit weights the fp32 file beside it, which their accuracy
    /// gate names.</summary>
    /// <exception cref="InputException">The file has changed, holds 8-bit weights alone, or a graph that is not known to be the one of its
    /// weights.</exception>
    public static TextExplainer Open(TextClassifier classifier, InferenceOptions options)
    {
        ArgumentNullException.ThrowIfNull(classifier);
        ArgumentNullException.ThrowIfNull(options);
        var (file, _, onnx) = PrecisionChoice.Of(classifier.Model.Path, options);
        var config = classifier.Model.Config;
        if (onnx.Hash != classifier.Model.Hash)
        {
            throw InputException.InFile(file, "has changed since the model was loaded.", "load the model again.");
        }

        if (onnx.PrecisionFor(config) is { } precision && PrecisionName.IsRounded(precision))
        {
            (file, onnx) = ExactOf(file, onnx, precision);
        }

        if (classifier.Model.Form != ServedForm.Compared && onnx.WhyNotGraphOf(config) is { } reason)
        {
            throw InputException.InFile(file, $"has no gradient: {reason}.", "answers of files that lora-merge wrote can be explained.");
        }

        return Of(onnx.ToExplainingModel(config)!, config, classifier.Tokenizer, options); // not null: the weights are known
    }

    /// <summary>The fp32 file that 8-bit weights were made of and measured against.</summary>
    private static (string File, OnnxModel Onnx) ExactOf(string file, OnnxModel rounded, Precision precision)
    {
        var exact = ModelFiles.InPrecision(file, Precision.Fp32);
        if (File.Exists(exact) && OnnxModel.Read(exact) is var onnx
            && GateReport.Find(file, rounded.Hash, precision) is { } gate && gate.ModelSha256 == rounded.Hash && gate.ExactSha256 == onnx.Hash)
        {
            return (exact, onnx);
        }

        throw InputException.InFile(file,
            "holds 8-bit weights, which have no gradient, and no fp32 file that they were measured against is beside it.",
            "serve the fp32 or fp16 file to have answers explained.");
    }

    /// <summary>Of weights in memory.</summary>
    public static TextExplainer FromWeights(ModelWeights weights, TextTokenizer tokenizer, InferenceOptions options)
    {
        ArgumentNullException.ThrowIfNull(weights);
        return Of(OnnxModelFile.ExplainingModel(weights), weights.Config, tokenizer, options);
    }

    /// <summary>
    /// Explains the logit of a class: steps are doubled from <see cref="FewestSteps"/> to at most <see cref="MostSteps"/> until the gap is allowed.
    /// </summary>
    public Explanation Explain(string text, int asked, int maxTokens, Truncation truncation, CancellationToken cancellationToken) =>
        Rounds(text, asked, maxTokens, truncation, cancellationToken).Last();

    /// <summary>The same round by round, for whoever may not wait for the last.</summary>
    public IEnumerable<Explanation> Rounds(string text, int asked, int maxTokens, Truncation truncation, CancellationToken cancellationToken)
    {
        for (var steps = FewestSteps; steps <= MostSteps; steps *= 2)
        {
            var explanation = Explain(text, asked, maxTokens, truncation, steps, cancellationToken);
            yield return explanation;
            if (explanation.Warning is null)
            {
                yield break;
            }
        }
    }

    /// <summary>The same with a number of steps, whatever the gap.</summary>
    public Explanation Explain(string text, int asked, int maxTokens, Truncation truncation, int steps, CancellationToken cancellationToken)
    {
        var (encoded, tokens) = _tokenizer.EncodeWithOffsets(text, maxTokens, truncation);
        int[] baseline = [.. encoded.Ids];
        baseline.AsSpan(1, baseline.Length - 2).Fill(_tokenizer.PadTokenId);
        var (places, weights) = GaussLegendre.Of(steps);
        var points = _model.Run(encoded.Ids, baseline, [0, 1, .. places], asked, cancellationToken);
        var values = new double[tokens.Length];
        foreach (var (point, weight) in points.Skip(2).Zip(weights))
        {
            for (var token = 0; token < values.Length; token++)
            {
                values[token] += weight * point.Along[token];
            }
        }

        TokenAttribution[] attributions = [.. tokens.Zip(values, (token, value) => new TokenAttribution(token, value))];
        return new Explanation
        {
            Class = asked,
            Logits = points[1].Logits,
            BaselineLogits = points[0].Logits,
            Tokens = attributions,
            Words = WordSpans.Of(text, attributions),
            Steps = steps,
            Text = encoded,
        };
    }

    /// <summary>What an explanation in so many steps costs, in tokens of forward passes: beside the steps, text and baseline themselves.</summary>
    public static long CostInTokens(int tokens, int steps) => (long)Math.Ceiling(ForwardPassesOfStep * tokens * (steps + 2));

    /// <inheritdoc/>
    public void Dispose() => _model.Dispose();

    private static TextExplainer Of(byte[] model, ModelConfig config, TextTokenizer tokenizer, InferenceOptions options) =>
        new(GradientModel.Open(model, config.Layout.Embeddings, config.Task.Labels.Count, options), tokenizer);
}
