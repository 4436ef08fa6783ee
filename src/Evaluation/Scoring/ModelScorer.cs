using System.Diagnostics;
using LoraOnnx.Evaluation.Models;
using LoraOnnx.Model;
using LoraOnnx.Model.Metrics;
using LoraOnnx.Model.Texts;

namespace LoraOnnx.Evaluation.Scoring;

/// <summary>What a model said of one text.</summary>
internal readonly record struct TextScore(float[] Logits, int Tokens, bool Truncated);

/// <summary>Scores windows of texts with one model and adds up its figures.</summary>
internal sealed class ModelScorer(ComparedModel model)
{
    private readonly ScoredTexts _scored = new(model.Config.Labels.Count, model.Config.ProblemType, Calibration.None);
    private readonly Stopwatch _time = new();

    public ComparedModel Model => model;

    /// <summary>Scores of all texts of a window, in their order.</summary>
    /// <exception cref="InputException">A logit is not finite.</exception>
    public TextScore[] Score(IReadOnlyList<LabelledText> window, CancellationToken cancellationToken)
    {
        _time.Start();
        var encoded = window.Select(text => model.Encode(text.Text)).ToList();
        var scores = new TextScore[encoded.Count];
        foreach (var batch in LengthSortedBatches.Of(encoded))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var logits = model.Run([.. batch.Select(text => encoded[text])], cancellationToken);
            for (var row = 0; row < batch.Length; row++)
            {
                var text = encoded[batch[row]];
                scores[batch[row]] = new TextScore(logits[row], text.Ids.Length, text.Truncated);
            }
        }

        _time.Stop();
        for (var text = 0; text < scores.Length; text++)
        {
            if (!Array.TrueForAll(scores[text].Logits, float.IsFinite))
            {
                throw InputException.InFile(model.Path, "gives a logit that is not a finite number.", "the model is broken; its weights may have been lost or overflowed.");
            }

            _scored.AddLogits(window[text].Labels, scores[text].Logits);
        }

        return scores;
    }

    public ModelResult Result() => new()
    {
        Name = model.Name,
        Path = model.Path,
        Figures = ClassificationFigures.Of(_scored),
        TrainedParameters = model.TrainedParameters,
        TrainingSeconds = model.TrainingSeconds,
        Bytes = model.Bytes,
        TextsPerSecond = _scored.Count / _time.Elapsed.TotalSeconds,
    };
}
