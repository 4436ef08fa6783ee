using LoraOnnx.Serving.Admission;

namespace LoraOnnx.Serving.Calls;

/// <summary>
/// What a caller is told, in every protocol: the kind, the field in question, and when to come back. Never holds any part of a text.
/// </summary>
/// <param name="kind">What kind of error it is.</param>
/// <param name="message">What is wrong, for a person; cut where it is longer than headers should be.</param>
/// <param name="field">The field in question, or empty.</param>
/// <param name="retryAfter">When to come back, where that helps.</param>
internal sealed class CallError(ErrorKind kind, string message, string field = "", TimeSpan? retryAfter = null)
{
    /// <summary>gRPC sends a message in headers, every byte that is not ASCII as three.</summary>
    private const int LongestMessage = 500;

    private const int LongestName = 200;

    public ErrorKind Kind { get; } = kind;

    public string Message { get; } = Printable(message, LongestMessage);

    public string Field { get; } = Printable(field, LongestName);

    public TimeSpan? RetryAfter { get; } = retryAfter;

    /// <summary>The time that the caller allowed is over.</summary>
    public static CallError DeadlinePassed { get; } = new(ErrorKind.DeadlineExceeded, "the deadline passed.");

    /// <summary>The server takes no more work.</summary>
    public static CallError ShuttingDown { get; } =
        new(ErrorKind.Unavailable, "the server is shutting down; go on with another one.", retryAfter: TimeSpan.FromSeconds(1));

    /// <summary>A field is wrong.</summary>
    public static CallError Invalid(string field, string message) => new(ErrorKind.InvalidArgument, $"{field}: {message}", field);

    /// <summary>A field holds more than is taken.</summary>
    public static CallError OverLimit(string field, string message) => new(ErrorKind.OverLimit, $"{field}: {message}", field);

    /// <summary>The error for a text that was refused.</summary>
    public static CallError From(Refusal refusal, string field) => refusal.Reason switch
    {
        RefusalReason.QueueFull => new(ErrorKind.ResourceExhausted, "too busy: the queue is full.", retryAfter: refusal.RetryAfter),
        RefusalReason.DeadlineTooShort => new(ErrorKind.ResourceExhausted, "too busy to answer before the deadline.", retryAfter: refusal.RetryAfter),
        RefusalReason.DeadlinePassed => new(ErrorKind.DeadlineExceeded, "the deadline is shorter than the text takes."),
        RefusalReason.TooManyTokens => OverLimit(field, $"{refusal.Detail} and was not to be cut."),
        RefusalReason.Closed => new(ErrorKind.Unavailable, "the server is shutting down."),
        _ => new(ErrorKind.Internal, "the model could not answer; the server's log says why."),
    };

    /// <summary>The same of another field.</summary>
    public CallError Of(string field) => new(Kind, Message, field, RetryAfter);

    /// <summary>A name that came from outside, as it may stand in a message.</summary>
    public static string Shown(string foreign) => Printable(foreign, LongestName);

    private static string Printable(string text, int longest)
    {
        var end = text.Length > longest && char.IsHighSurrogate(text[longest - 1]) ? longest - 1 : longest;
        var cut = text.Length > longest ? string.Concat(text.AsSpan(0, end), "…") : text;
        return cut.AsSpan().ContainsAnyInRange('\0', '\x1f') || cut.AsSpan().ContainsAnyInRange('\x7f', '\x9f')
            ? string.Concat(cut.Select(character => char.IsControl(character) ? $"\\u{(int)character:x4}" : character.ToString()))
            : cut;
    }
}
