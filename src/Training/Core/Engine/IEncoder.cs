namespace LoraOnnx.Training.Engine;

/// <summary>A frozen model. One thread at a time; the owner disposes.</summary>
internal interface IEncoder : IDisposable
{
    /// <summary>What the head sees of each text, without dropout.</summary>
    float[][] Features(PackedBatch batch);

    /// <summary>Logits of each text, without dropout. They do not depend on the batch beyond rounding.</summary>
    float[][] Logits(PackedBatch batch);
}
