using LoraOnnx.Inference;
using LoraOnnx.Model;

namespace LoraOnnx;

/// <summary>Where and how a classifier runs. The defaults are those of lora-serve.</summary>
public sealed record TextClassifierOptions
{
    /// <summary><c>auto</c>, <c>cpu</c> or <c>cuda</c>.</summary>
    public string Device { get; init; } = DeviceName.Any;

    /// <summary><c>auto</c> (exact), <c>fast</c>, <c>fp32</c>, <c>bf16</c>, <c>int8</c> and so on, as lora-serve's <c>--precision</c>.</summary>
    public string Precision { get; init; } = PrecisionRule.Auto.ToString();

    /// <summary>What to keep of a text that is longer than the model reads, as a call to lora-serve says it.</summary>
    public TextTruncation Truncation { get; init; }

    /// <summary>Threads inside one run; 0: all cores that the process may use.</summary>
    public int Threads { get; init; }

    /// <summary>Most tokens of a batch. Larger ones use the processor little better and keep others waiting.</summary>
    public int BatchTokens { get; init; } = 4096;

    /// <summary>Most texts that wait at a time; <see cref="ITextClassifier.ClassifyAsync(string, CancellationToken)"/> fails at once above
    /// it.</summary>
    public int QueueTexts { get; init; } = 100_000;
}
