using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Evaluation;

/// <summary>The figures of one model, and what it cost; null where nobody says.</summary>
internal sealed record ModelResult
{
    public required string Name { get; init; }

    public required string Path { get; init; }

    public required ClassificationFigures Figures { get; init; }

    /// <summary>Parameters that training changed.</summary>
    public required long? TrainedParameters { get; init; }

    /// <summary>Wall time of training in seconds.</summary>
    public required double? TrainingSeconds { get; init; }

    /// <summary>Size of the ONNX file, or of the one that the weights would be written as, in bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>Texts tokenized and scored a second.</summary>
    public required double TextsPerSecond { get; init; }
}
