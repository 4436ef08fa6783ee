using LoraOnnx.Model;
using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Evaluation.Scoring;

/// <summary>What is kept of the scoring of a file: a few numbers a text, never the texts.</summary>
internal sealed class TestScores
{
    /// <summary>Indices of the labels that hold, for each text.</summary>
    public List<IReadOnlyList<int>> Labels { get; } = [];

    /// <summary>Values of the columns to slice by, for each text; equal strings are one object.</summary>
    public required IReadOnlyDictionary<string, List<string>> Columns { get; init; }

    /// <summary>For each model, in the order given.</summary>
    public required IReadOnlyList<ModelScores> Models { get; init; }

    public int Count => Labels.Count;
}

/// <summary>What one model said of all texts, in their order.</summary>
internal sealed class ModelScores
{
    public List<float[]> Logits { get; } = [];

    /// <summary>Tokens read, special tokens included.</summary>
    public List<int> Tokens { get; } = [];

    /// <summary>True for texts of which a part was cut off.</summary>
    public List<bool> Truncated { get; } = [];

    /// <summary>Wall time of the model's runs, tokenization aside; of a server, everything.</summary>
    public TimeSpan Elapsed { get; set; }

    /// <summary>The same, window by window.</summary>
    public List<TimeSpan> Windows { get; } = [];

    /// <summary>The texts as the metrics take them.</summary>
    public ScoredTexts Apply(Calibration calibration, int classes, ProblemType problemType, IReadOnlyList<IReadOnlyList<int>> labels)
    {
        var texts = new ScoredTexts(classes, problemType, calibration);
        for (var i = 0; i < Logits.Count; i++)
        {
            texts.AddLogits(labels[i], Logits[i]);
        }

        return texts;
    }
}
