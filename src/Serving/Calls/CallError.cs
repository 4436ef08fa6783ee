using LoraOnnx.Serving.Batching;

namespace LoraOnnx.Serving.Calls;

/// <summary>What a caller is told, in every protocol: the kind, the field in question, and when to come back. Never holds any part of a text.</summary>
/// <param name="Kind">What kind of error it is.</param>
/// <param name="Message">What is wrong, for a person.</param>
/// <param name="Field">The field in question, or empty.</param>
/// <param name="RetryAfter">When to come back, where that helps.</param>
internal sealed record CallError(ErrorKind Kind, string Message, string Field = "", TimeSpan? RetryAfter = null)
{
    /// <summary>A field is wrong.</summary>
    public static CallError Invalid(string field, string message) => new(ErrorKind.InvalidArgument, $"{field}: {message}", field);

    /// <summary>The error for a text that was refused.</summary>
    public static CallError From(Refusal refusal, string field) => refusal.Reason switch
    {
        RefusalReason.QueueFull => new(ErrorKind.ResourceExhausted, "too busy: the queue is full.", RetryAfter: refusal.RetryAfter),
        RefusalReason.DeadlineTooShort => new(ErrorKind.ResourceExhausted, "too busy to answer before the deadline.", RetryAfter: refusal.RetryAfter),
        RefusalReason.DeadlinePassed => new(ErrorKind.DeadlineExceeded, "the deadline is shorter than the text takes."),
        RefusalReason.TooManyTokens => Invalid(field, $"{refusal.Detail} and was not to be cut."),
        RefusalReason.Closed => new(ErrorKind.Unavailable, "the server is shutting down."),
        _ => new(ErrorKind.Internal, "the model could not answer; the server's log says why."),
    };
}
