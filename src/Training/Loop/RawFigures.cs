using LoraOnnx.Model.Runs;
using LoraOnnx.Training.Data;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Options;

namespace LoraOnnx.Training.Loop;

/// <summary>What the model can do before training, in fp32: what every later figure is compared with.</summary>
internal static class RawFigures
{
    /// <summary>Scores the base on a set; <paramref name="encoder"/> is the base's in fp32.</summary>
    public static RunMetrics Of(TextSet texts, BaseModel @base, FrozenEncoder encoder, TrainingOptions options, Machine machine, CancellationToken cancellationToken)
    {
        using var head = HeadTrainer.Create(@base.Weights, EngineSettings.Create(options, machine, Precision.Fp32) with { TrainHead = true });
        return Evaluation.Of(head.Logits(encoder.Features(texts, cancellationToken)), texts, @base.Config, step: 0, epoch: 0).Metrics;
    }
}
