using LoraOnnx.Evaluation.Explanations;
using LoraOnnx.Evaluation.Scoring;
using LoraOnnx.Model;
using LoraOnnx.Model.Metrics;
using LoraOnnx.Texts;

namespace LoraOnnx.Evaluation.Models;

/// <summary>What a model said of one text.</summary>
internal readonly record struct TextScore(float[] Logits, int Tokens, bool Truncated);

/// <summary>A model that scores windows of texts: in this process, or a server.</summary>
internal interface IScoredModel : IDisposable
{
    /// <summary>The name that the user gave it, or that its directory has.</summary>
    string Name { get; }

    /// <summary>What it is and what it cost.</summary>
    ModelCard Card { get; }

    /// <summary>Its classes, and what its logits mean.</summary>
    ClassificationTask Task { get; }

    /// <summary>How its files say that logits become an answer.</summary>
    Calibration Calibration { get; }

    /// <summary>Tokenizes the window, unless a model before did; not part of what a model's speed is measured by.</summary>
    void Prepare(TextWindow window);

    /// <summary>Scores all texts of a window, in their order.</summary>
    Task<IReadOnlyList<TextScore>> ScoreAsync(TextWindow window, CancellationToken cancellationToken);

    /// <summary>What each word of a text adds to the logit of a label, for at most so many tokens of forward passes where the model counts them; the
    /// first, rough picture is always made.</summary>
    /// <exception cref="InputException">The model's answers cannot be explained.</exception>
    Task<ExplainedAnswer> ExplainAsync(LabelledText text, int label, long mostTokens, CancellationToken cancellationToken);
}
