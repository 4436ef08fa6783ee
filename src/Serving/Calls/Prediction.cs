using LoraOnnx.Serving.Batching;
using LoraOnnx.Serving.Models;

namespace LoraOnnx.Serving.Calls;

/// <summary>What a model makes of a text: the one result that all protocols translate.</summary>
internal sealed class Prediction
{
    private readonly int _decided;

    public Prediction(ServedModel model, Classification classification)
    {
        var task = model.Description.Task;
        var scores = model.Calibration.Scores(classification.Logits, task.ProblemType);
        var decision = model.Calibration.Decide(scores, task.ProblemType);
        _decided = decision.Label;
        Model = model.Name;
        Version = model.Version;
        Classes = task.Labels;
        Scores = Array.ConvertAll(scores, score => (float)score);
        Holding = task.IsMultiLabel ? [.. decision.Holding.Select(label => task.Labels[label])] : [];
        Classification = classification;
    }

    public string Model { get; }

    public string Version { get; }

    /// <summary>Names of the classes, in the order of <see cref="Scores"/> and <see cref="Logits"/>.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>Probabilities.</summary>
    public float[] Scores { get; }

    public float[] Logits => Classification.Logits;

    /// <summary>The class decided for.</summary>
    public string Label => Classes[_decided];

    /// <summary>Its probability.</summary>
    public float Score => Scores[_decided];

    /// <summary>Of a multi-label model: the classes at or above the threshold.</summary>
    public IReadOnlyList<string> Holding { get; }

    /// <summary>Tokens, times, and whether the work was shared.</summary>
    public Classification Classification { get; }
}
