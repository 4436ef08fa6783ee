using LoraOnnx.Inference.Variants;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Serving.Admission;

namespace LoraOnnx.Serving.Batching;

/// <summary>A text in the queue or in the engine. What can be set belongs to the queue's lock, but for <see cref="Waiters"/>.</summary>
internal sealed class PendingText(EncodedText encoded, long sequence, long enqueuedAt, bool isBulk)
{
    private readonly TaskCompletionSource<BatchedResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public EncodedText Encoded { get; } = encoded;

    /// <summary>Which variant of the queue's model is asked; null: the model itself.</summary>
    public ModelVariant? Variant { get; init; }

    /// <summary>Further heads that read the same text: they run with it, wait with it, and are dropped with it.</summary>
    public IReadOnlyList<PendingText> Beside { get; init; } = [];

    /// <summary>This and what stands beside it.</summary>
    public IEnumerable<PendingText> All => Beside.Prepend(this);

    public int Tokens => Encoded.Ids.Length;

    /// <summary>Order of arrival, which breaks ties.</summary>
    public long Sequence { get; } = sequence;

    public long EnqueuedAt { get; } = enqueuedAt;

    /// <summary>Of a batch or stream.</summary>
    public bool IsBulk { get; } = isBulk;

    /// <summary>Time stamp by which the queue is ordered: the earliest deadline of those who wait.</summary>
    public long DueAt { get; set; }

    /// <summary>
    /// Time stamp after which nobody wants the answer: the latest deadline of those who wait; <see cref="long.MaxValue"/> for none.
    /// </summary>
    public long ExpiresAt { get; set; }

    public PendingState State { get; set; } = PendingState.Queued;

    /// <summary>Callers who still want the answer; belongs to the lock of <see cref="InFlightTexts"/>.</summary>
    public int Waiters { get; set; } = 1;

    public Task<BatchedResult> Completed => _completion.Task;

    public void Complete(BatchedResult result) => _completion.TrySetResult(result);
}

/// <summary>Where a pending text is.</summary>
internal enum PendingState
{
    /// <summary>In the queue.</summary>
    Queued,

    /// <summary>In the engine, or answered by it.</summary>
    Taken,

    /// <summary>Out of the queue without an answer: its time was over, or nobody wanted it any more.</summary>
    Dropped,
}

/// <summary>What the engine made of a pending text: logits, or a refusal; and the time stamps of its run's start and end.</summary>
internal readonly record struct BatchedResult(float[]? Logits, Refusal? Refusal, long Started, long Ended);
