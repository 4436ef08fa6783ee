namespace LoraOnnx.Serving.Batching;

/// <summary>A text that has its place in the queue, or needs none: the answer is known, or it was refused.</summary>
/// <param name="Arrived">Time stamp.</param>
/// <param name="Pending">Its place; null: see <paramref name="Immediate"/>.</param>
/// <param name="Key">What identical texts join by; null: none may.</param>
/// <param name="Tokenize">Time that its tokens took.</param>
/// <param name="Shared">The place is another caller's.</param>
/// <param name="Immediate">Set where there is no place.</param>
internal readonly record struct StartedText(long Arrived, PendingText? Pending, TextKey? Key, TimeSpan Tokenize, bool Shared, Outcome Immediate)
{
    public StartedText(long arrived, Outcome immediate)
        : this(arrived, null, null, TimeSpan.Zero, false, immediate)
    {
    }
}
