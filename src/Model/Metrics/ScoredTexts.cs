namespace LoraOnnx.Model.Metrics;

/// <summary>What the figures are computed from: for each text which labels hold, the scores of one model, and its answer.</summary>
public sealed class ScoredTexts
{
    private readonly List<double> _scores = []; // [texts, classes]
    private readonly List<bool> _holds = []; // [texts, classes]
    private readonly List<bool> _predicted = []; // [texts, classes]
    private readonly List<int> _labels = [];
    private readonly List<int> _predictions = [];
    private readonly Calibration _calibration;

    /// <summary>Starts empty; <paramref name="calibration"/> says which scores make an answer.</summary>
    public ScoredTexts(int classes, ProblemType problemType, Calibration calibration)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, problemType == ProblemType.SingleLabel ? 2 : 1);
        Classes = classes;
        ProblemType = problemType;
        _calibration = calibration;
    }

    /// <summary>Number of labels that the model knows.</summary>
    public int Classes { get; }

    /// <summary>One label a text, or any number.</summary>
    public ProblemType ProblemType { get; }

    /// <summary>Number of texts so far.</summary>
    public int Count => _labels.Count;

    /// <summary>The labels whose ranking counts: the positive class of a two-class model, all labels otherwise.</summary>
    public IEnumerable<int> RankedLabels => ProblemType == ProblemType.SingleLabel && Classes == 2 ? [1] : Enumerable.Range(0, Classes);

    /// <summary>Adds a text by its logits.</summary>
    public void AddLogits(IReadOnlyList<int> labels, ReadOnlySpan<float> logits) => Add(labels, _calibration.Scores(logits, ProblemType));

    /// <summary>Adds a text: indices of the labels that hold (exactly one for single-label models) and a score for every class.</summary>
    /// <exception cref="InputException">A score is not a number: nothing can be ranked or averaged with it.</exception>
    public void Add(IReadOnlyList<int> labels, ReadOnlySpan<double> scores)
    {
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentOutOfRangeException.ThrowIfNotEqual(scores.Length, Classes);
        if (ProblemType == ProblemType.SingleLabel)
        {
            ArgumentOutOfRangeException.ThrowIfNotEqual(labels.Count, 1, nameof(labels));
        }

        if (System.Numerics.Tensors.TensorPrimitives.IsNaNAny(scores))
        {
            throw new InputException($"the model's answer to text {Count + 1} is not a number.",
                "its weights are damaged, or too large for their precision; export it again, or in fp32.");
        }

        var answer = _calibration.Predict(scores);
        for (var i = 0; i < Classes; i++)
        {
            _scores.Add(scores[i]);
            _holds.Add(labels.Contains(i));
            _predicted.Add(ProblemType == ProblemType.SingleLabel ? i == answer : _calibration.Holds(i, scores[i]));
        }

        _labels.Add(labels.Count == 0 ? -1 : labels[0]);
        _predictions.Add(answer);
    }

    /// <summary>Some of the texts, with their scores and answers.</summary>
    public ScoredTexts Only(IEnumerable<int> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        var some = new ScoredTexts(Classes, ProblemType, _calibration);
        var scores = new double[Classes];
        foreach (var text in texts)
        {
            _scores.CopyTo(text * Classes, scores, 0, Classes);
            some.Add([.. Enumerable.Range(0, Classes).Where(label => Holds(text, label))], scores);
        }

        return some;
    }

    /// <summary>The class that holds for a text of a single-label model.</summary>
    public int Label(int text) => _labels[text];

    /// <summary>The answer of a single-label model.</summary>
    public int Prediction(int text) => _predictions[text];

    /// <summary>True when a label holds for a text.</summary>
    public bool Holds(int text, int label) => _holds[(text * Classes) + label];

    /// <summary>True when the model says that a label holds.</summary>
    public bool Predicted(int text, int label) => _predicted[(text * Classes) + label];

    /// <summary>The model's score for a label, 0 to 1.</summary>
    public double Score(int text, int label) => _scores[(text * Classes) + label];

    /// <summary>True when the answer is right: for a multi-label model, when the whole set of labels is.</summary>
    public bool IsRight(int text)
    {
        for (var label = 0; label < Classes; label++)
        {
            if (Holds(text, label) != Predicted(text, label))
            {
                return false;
            }
        }

        return true;
    }
}
