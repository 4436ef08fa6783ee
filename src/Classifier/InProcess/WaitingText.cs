using LoraOnnx.Model.Tokenization;

namespace LoraOnnx;

/// <summary>A text that waits for the engine, and the promise of its logits.</summary>
internal sealed class WaitingText(EncodedText text)
    : TaskCompletionSource<float[]>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public EncodedText Text { get; } = text;
}
