namespace LoraOnnx.Serving.Batching;

/// <summary>A text that has its place in the queue, or needs none: the answer is known, or it was refused.</summary>
internal readonly record struct StartedText(long Arrived, PendingText? Pending, TimeSpan Tokenize, bool Shared, Outcome Immediate)
{
    public StartedText(long arrived, Outcome immediate)
        : this(arrived, null, TimeSpan.Zero, false, immediate)
    {
    }

    public StartedText(long arrived, PendingText pending, TimeSpan tokenize, bool Shared)
        : this(arrived, pending, tokenize, Shared, default)
    {
    }
}
