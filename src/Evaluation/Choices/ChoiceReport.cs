using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Evaluation.Choices;

/// <summary>What was chosen for a model on the validation texts, and what it did there; its figures on the test texts are those of the
/// report.</summary>
internal sealed record ChoiceReport
{
    /// <summary>The scale, or null where none was to be chosen.</summary>
    public double? Scale { get; init; }

    /// <summary>Every scale that was tried, rising; empty where none was to be chosen.</summary>
    public IReadOnlyList<ScalePoint> Curve { get; init; } = [];

    /// <summary>The temperature, or null where none was to be chosen.</summary>
    public double? Temperature { get; init; }

    /// <summary>The threshold, or null where none was to be chosen.</summary>
    public double? Threshold { get; init; }

    /// <summary>On the validation texts as the model was given.</summary>
    public required ValidationFigures Before { get; init; }

    /// <summary>On the validation texts with all that was chosen.</summary>
    public required ValidationFigures After { get; init; }

    /// <summary>What goes into calibration.json.</summary>
    public required Calibration Calibration { get; init; }
}

/// <summary>A scale that was tried on the validation texts.</summary>
internal sealed record ScalePoint(double Scale, double F1, double Accuracy, double LogLoss);

/// <summary>The figures that choices move.</summary>
internal sealed record ValidationFigures(double F1, double Accuracy, double LogLoss, double CalibrationError)
{
    public static ValidationFigures Of(ScoredTexts texts)
    {
        var figures = ClassificationFigures.Of(texts);
        return new ValidationFigures(figures.F1, figures.Accuracy, figures.LogLoss, figures.CalibrationError);
    }
}
