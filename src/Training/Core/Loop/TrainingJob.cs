using LoraOnnx.Training.Data;
using LoraOnnx.Training.Display;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Options;
using LoraOnnx.Training.Recording;

namespace LoraOnnx.Training.Loop;

/// <summary>All that a run works with: what is trained, on what, how, by what, and where it is told and kept.</summary>
internal sealed record TrainingJob
{
    public required BaseModel Base { get; init; }

    public required TrainingTexts Texts { get; init; }

    public required EffectiveOptions Options { get; init; }

    public required ITrainingEngine Engine { get; init; }

    public required RunOutput Output { get; init; }

    public required FeatureCache Cache { get; init; }

    public required ITrainingDisplay Display { get; init; }
}
