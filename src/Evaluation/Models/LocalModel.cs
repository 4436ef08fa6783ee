using LoraOnnx.Evaluation.Explanations;
using LoraOnnx.Evaluation.Scoring;
using LoraOnnx.Inference;
using LoraOnnx.Inference.Explanations;
using LoraOnnx.Model;
using LoraOnnx.Model.Metrics;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Texts;

namespace LoraOnnx.Evaluation.Models;

/// <summary>
/// A model in this process. Each run uses one thread and several run at once, so all cores work and the logits do not depend on their number.
/// </summary>
internal sealed class LocalModel : IScoredModel
{
    private readonly TextClassifier _classifier;
    private readonly Truncation _truncation;
    private readonly int _threads;
    private readonly AnswerExplainer _explainer;

    /// <summary>Takes the classifier over; it was loaded with one thread a run.</summary>
    public LocalModel(string name, ModelCard card, TextClassifier classifier, Truncation truncation, Calibration calibration, int threads,
        Func<TextExplainer> openExplainer)
    {
        Name = name;
        Card = card;
        Calibration = calibration;
        _classifier = classifier;
        _truncation = truncation;
        _threads = threads;
        _explainer = new AnswerExplainer(openExplainer, card.MaxTokens, truncation);
    }

    public string Name { get; }

    public ModelCard Card { get; }

    public Calibration Calibration { get; }

    public ClassificationTask Task => _classifier.Model.Config.Task;

    public void Prepare(TextWindow window) => window.Encode(_classifier.Tokenizer, Card.MaxTokens, _truncation);

    public Task<IReadOnlyList<TextScore>> ScoreAsync(TextWindow window, CancellationToken cancellationToken)
    {
        var encoded = window.Encode(_classifier.Tokenizer, Card.MaxTokens, _truncation);
        return System.Threading.Tasks.Task.FromResult<IReadOnlyList<TextScore>>(SortedBatches.Score(encoded, _threads,
            batch => _classifier.Run([.. batch.Select(text => encoded[text])], cancellationToken), cancellationToken));
    }

    public Task<ExplainedAnswer> ExplainAsync(LabelledText text, int label, long mostTokens, CancellationToken cancellationToken) =>
        System.Threading.Tasks.Task.FromResult(_explainer.Explain(text.Text, label, Task.Labels[label], mostTokens, cancellationToken));

    public void Dispose()
    {
        _explainer.Dispose();
        _classifier.Dispose();
    }
}
