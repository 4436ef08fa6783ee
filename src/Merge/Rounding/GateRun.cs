using LoraOnnx.Graph.Rounding;
using LoraOnnx.Inference;
using LoraOnnx.Model;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Reference;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Texts;

namespace LoraOnnx.Merge.Rounding;

/// <summary>The accuracy gate of several candidates against one fp32 file, which is run once.</summary>
internal sealed class GateRun
{
    private static readonly InferenceOptions _cpu = new() { Device = ComputeDevice.Cpu };

    private readonly MergeInput _input;
    private readonly MergeOptions _options;
    private readonly ClassificationTask _task;
    private readonly CancellationToken _cancellationToken;
    private readonly List<LabelledText>? _labelled;
    private readonly EncodedText[] _texts;
    private readonly Dictionary<EncodedText, float[]> _exact = new(ReferenceEqualityComparer.Instance);

    public GateRun(string exact, MergeInput input, MergeOptions options, CancellationToken cancellationToken)
    {
        (_input, _options, _task, _cancellationToken) = (input, options, input.Weights.Config.Task, cancellationToken);
        _labelled = options.VerifyData is { } data
            ? [.. LabelledTexts.Read(data, options.Texts, _task, TextNotices.None, null, cancellationToken)] : null;
        var tokenizer = TextTokenizer.Load(input.BaseDirectory);
        var texts = _labelled?.Select(text => text.Text) ?? ReferenceTexts.ShortTexts;
        _texts = [.. texts.Select(text => tokenizer.Encode(text, input.MaxTokens, input.Truncation))];
        using var model = PortableModel.Open(exact, _cpu);
        foreach (var batch in _texts.Chunk(AccuracyGate.BatchSize))
        {
            foreach (var (text, logits) in batch.Zip(Run(model)(batch, cancellationToken)))
            {
                _exact[text] = logits;
            }
        }
    }

    /// <summary>
    /// Measures a file as any other program would run it, then the same weights as they are served here, where that is another computation: the
    /// report of the latter, or of the former where that did not pass.
    /// </summary>
    public GateReport Measure(string file, ModelWeights weights, RoundingPlan plan)
    {
        using var candidate = PortableModel.Open(file, _cpu);
        var asFile = Measure(Run(candidate)) with { Cpu = CpuInstructions.Of(_options.Precision, usesKernels: false) ?? "none" };
        if (!asFile.Passed || asFile.IsOfThisCpu)
        {
            return asFile;
        }

        using var served = TextClassifier.FromWeights(weights, _input.BaseDirectory, _cpu, _options.Precision, plan);
        return Measure(served.Run);
    }

    private GateReport Measure(RunTexts candidate)
    {
        var report = AccuracyGate.Measure(_options.Precision, (batch, _) => [.. batch.Select(text => _exact[text])], candidate, _texts,
            _labelled?.Select(text => text.Labels).ToList(), _task, _cancellationToken);
        return _labelled is null ? report : report with { Sample = Path.GetFileName(_options.VerifyData)! }; // a file was given
    }

    private static RunTexts Run(PortableModel model) =>
        (batch, cancellationToken) => model.Run([.. batch.Select(text => text.Ids)], cancellationToken);
}
