namespace LoraOnnx.Training.Engine;

/// <summary>What a training step measured. On a GPU, reading a value waits for the step.</summary>
internal sealed class StepResult
{
    private readonly Func<(float Loss, float GradientNorm)> _read;
    private (float Loss, float GradientNorm)? _values;

    public StepResult(int texts, Func<(float Loss, float GradientNorm)> read)
    {
        Texts = texts;
        _read = read;
    }

    /// <summary>Texts in the step.</summary>
    public int Texts { get; }

    /// <summary>Real tokens in the step; 0 from a head alone, which knows features and not their texts.</summary>
    public int Tokens { get; init; }

    /// <summary>Mean loss over all texts of the step, before the update.</summary>
    public float Loss => Values.Loss;

    /// <summary>L2 norm of the gradient over all trained tensors, before clipping.</summary>
    public float GradientNorm => Values.GradientNorm;

    /// <summary>False when loss or gradient is NaN or infinite; the step has then spoilt the weights.</summary>
    public bool IsFinite => float.IsFinite(Loss) && float.IsFinite(GradientNorm);

    private (float Loss, float GradientNorm) Values => _values ??= _read();
}
