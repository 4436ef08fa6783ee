namespace LoraOnnx.Serving.Admission;

/// <summary>Why a text gets no answer.</summary>
internal enum RefusalReason
{
    /// <summary>The queue holds as many tokens as it may.</summary>
    QueueFull,

    /// <summary>The queue is too long for the call's deadline; later, or with a longer deadline, it may do.</summary>
    DeadlineTooShort,

    /// <summary>The deadline is shorter than the text takes on an idle server, or it has passed.</summary>
    DeadlinePassed,

    /// <summary>The text has more tokens than the model takes and the caller asked not to cut it.</summary>
    TooManyTokens,

    /// <summary>The model is being unloaded or the server is shutting down.</summary>
    Closed,

    /// <summary>The engine failed or gave logits that are not finite.</summary>
    EngineFailed,
}

/// <summary>A text that is not answered, and when to try again where that helps.</summary>
internal sealed record Refusal(RefusalReason Reason, TimeSpan? RetryAfter = null, string? Detail = null);
