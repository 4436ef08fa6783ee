using LoraOnnx.Evaluation.Explanations;
using LoraOnnx.Evaluation.Scoring;
using LoraOnnx.Inference;
using LoraOnnx.Inference.Explanations;
using LoraOnnx.Inference.Variants;
using LoraOnnx.Model;
using LoraOnnx.Model.Metrics;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Texts;

namespace LoraOnnx.Evaluation.Models;

/// <summary>
/// Each text is scored by the weights that were trained on the value of its column, and where there are none by those for all: adapters of one base
/// in memory, in batches that hold texts of several.
/// </summary>
internal sealed class OwnWeightsModel : IScoredModel
{
    private readonly TextClassifier _base;
    private readonly IReadOnlyDictionary<string, ModelVariant> _ofValues;
    private readonly ModelVariant _pooled;
    private readonly string _column;
    private readonly Truncation _truncation;
    private readonly int _threads;
    private readonly Func<string, TextExplainer> _openExplainer;
    private (ModelVariant Of, AnswerExplainer Explainer)? _explainer;

    /// <summary>Takes base and variants over.</summary>
    public OwnWeightsModel(string name, ModelCard card, TextClassifier @base, string column, IReadOnlyDictionary<string, ModelVariant> ofValues,
        ModelVariant pooled, Truncation truncation, int threads, Func<string, TextExplainer> openExplainer)
    {
        Name = name;
        Card = card;
        _base = @base;
        _column = column;
        _ofValues = ofValues;
        _pooled = pooled;
        _truncation = truncation;
        _threads = threads;
        _openExplainer = openExplainer;
    }

    public string Name { get; }

    public ModelCard Card { get; }

    public Calibration Calibration => Calibration.None;

    public ClassificationTask Task => _pooled.Model.Config.Task;

    public void Prepare(TextWindow window) => window.Encode(_base.Tokenizer, Card.MaxTokens, _truncation);

    public Task<IReadOnlyList<TextScore>> ScoreAsync(TextWindow window, CancellationToken cancellationToken)
    {
        var encoded = window.Encode(_base.Tokenizer, Card.MaxTokens, _truncation);
        return System.Threading.Tasks.Task.FromResult<IReadOnlyList<TextScore>>(SortedBatches.Score(encoded, _threads,
            batch => _base.Run([.. batch.Select(text => new VariantText(encoded[text], VariantOf(window.Texts[text].Columns)))], cancellationToken),
            cancellationToken));
    }

    /// <summary>By the weights of the text's value, merged in memory: one value's at a time.</summary>
    public Task<ExplainedAnswer> ExplainAsync(LabelledText text, int label, long mostTokens, CancellationToken cancellationToken)
    {
        var variant = VariantOf(text.Columns);
        if (_explainer?.Of != variant)
        {
            _explainer?.Explainer.Dispose();
            _explainer = (variant, new AnswerExplainer(() => _openExplainer(variant.Model.Path), Card.MaxTokens, _truncation));
        }

        return System.Threading.Tasks.Task.FromResult(
            _explainer.Value.Explainer.Explain(text.Text, label, Task.Labels[label], mostTokens, cancellationToken));
    }

    public void Dispose()
    {
        _explainer?.Explainer.Dispose();
        foreach (var variant in _ofValues.Values.Append(_pooled))
        {
            variant.Dispose();
        }

        _base.Dispose();
    }

    private ModelVariant VariantOf(IReadOnlyDictionary<string, string> columns) =>
        columns.TryGetValue(_column, out var value) && _ofValues.TryGetValue(value.Trim(), out var own) ? own : _pooled;
}
