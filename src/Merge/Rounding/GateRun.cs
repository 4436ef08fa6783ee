using LoraOnnx.Inference;
using LoraOnnx.Model;
using LoraOnnx.Model.Reference;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Texts;

namespace LoraOnnx.Merge.Rounding;

/// <summary>The accuracy gate of several candidates against one fp32 file, which is run once.</summary>
internal sealed class GateRun
{
    private static readonly InferenceOptions _cpu = new() { Device = "cpu" };

    private readonly MergeOptions _options;
    private readonly ClassificationTask _task;
    private readonly CancellationToken _cancellationToken;
    private readonly List<LabelledText>? _labelled;
    private readonly EncodedText[] _texts;
    private readonly Dictionary<EncodedText, float[]> _exact = new(ReferenceEqualityComparer.Instance);

    public GateRun(string exact, MergeInput input, MergeOptions options, CancellationToken cancellationToken)
    {
        (_options, _task, _cancellationToken) = (options, input.Weights.Config.Task, cancellationToken);
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

    /// <summary>Measures a file as any other program would run it.</summary>
    public GateReport Measure(string file)
    {
        using var candidate = PortableModel.Open(file, _cpu);
        var report = AccuracyGate.Measure(_options.Precision, (batch, _) => [.. batch.Select(text => _exact[text])], Run(candidate), _texts,
            _labelled?.Select(text => text.Labels).ToList(), _task, _cancellationToken);
        return _labelled is null ? report : report with { Sample = Path.GetFileName(_options.VerifyData)! }; // a file was given
    }

    private static RunTexts Run(PortableModel model) =>
        (batch, cancellationToken) => model.Run([.. batch.Select(text => text.Ids)], cancellationToken);
}
