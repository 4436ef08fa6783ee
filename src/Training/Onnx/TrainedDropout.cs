using LoraOnnx.Graph.Training;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Training.Engine;

namespace LoraOnnx.Training.Onnx;

/// <summary>How much is dropped where, by the checkpoint's config and what of it is wanted.</summary>
internal static class TrainedDropout
{
    /// <summary>All but that of adapters.</summary>
    public static TrainingDropout Of(ModelConfig config, LearnerOptions options) => new()
    {
        Hidden = options.BodyDropout ? config.Dropout.Hidden : 0,
        AttentionOutput = options.BodyDropout ? config.Dropout.AttentionOutput : 0,
        Attention = options.AttentionDropout ? config.Dropout.Attention : 0,
        Head = options.BodyDropout ? config.Dropout.Head : 0,
    };
}
