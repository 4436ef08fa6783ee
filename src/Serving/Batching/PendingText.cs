using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Serving.Batching;

/// <summary>A text in the queue or in the engine. All members but <see cref="Completed"/> belong to the queue's lock.</summary>
internal sealed class PendingText(TextKey? key, EncodedText encoded, long sequence, long enqueuedAt)
{
    private readonly TaskCompletionSource<BatchedResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What identical texts join by; null for token ids that came without a text.</summary>
    public TextKey? Key { get; } = key;

    public EncodedText Encoded { get; } = encoded;

    public int Tokens => Encoded.Ids.Length;

    /// <summary>Order of arrival, which breaks ties.</summary>
    public long Sequence { get; } = sequence;

    public long EnqueuedAt { get; } = enqueuedAt;

    /// <summary>Time stamp by which the queue is ordered: the earliest deadline of those who wait.</summary>
    public long DueAt { get; set; }

    /// <summary>Time stamp after which nobody wants the answer: the latest deadline of those who wait; <see cref="long.MaxValue"/> for none.</summary>
    public long ExpiresAt { get; set; }

    /// <summary>Callers who still want the answer.</summary>
    public int Waiters { get; set; } = 1;

    public bool Queued { get; set; }

    public Task<BatchedResult> Completed => _completion.Task;

    public void Complete(BatchedResult result) => _completion.TrySetResult(result);
}

/// <summary>What the engine made of a pending text: logits and stage times, or a refusal.</summary>
internal readonly record struct BatchedResult(float[]? Logits, TimeSpan Queue, TimeSpan Infer, Refusal? Refusal);
