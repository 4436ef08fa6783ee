using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using LoraOnnx.Serving.Batching;
using LoraOnnx.V1;

namespace LoraOnnx.Serving.Protocols;

/// <summary>What a caller is told, in every protocol: the status, the field in question, and when to come back. Never holds any part of a text.</summary>
/// <param name="Code">gRPC status.</param>
/// <param name="Message">What is wrong, for a person.</param>
/// <param name="Field">The field in question, or empty.</param>
/// <param name="RetryAfter">When to come back, where that helps.</param>
internal sealed record CallError(StatusCode Code, string Message, string Field = "", TimeSpan? RetryAfter = null)
{
    /// <summary>Understood by gRPC clients with a retry policy: milliseconds to wait.</summary>
    public const string PushbackTrailer = "grpc-retry-pushback-ms";

    /// <summary>A field is wrong.</summary>
    public static CallError Invalid(string field, string message) => new(StatusCode.InvalidArgument, $"{field}: {message}", field);

    /// <summary>The error for a text that was refused.</summary>
    public static CallError From(Refusal refusal, string field) => refusal.Reason switch
    {
        RefusalReason.QueueFull => new(StatusCode.ResourceExhausted, "too busy: the queue is full.", RetryAfter: refusal.RetryAfter),
        RefusalReason.DeadlineTooShort => new(StatusCode.ResourceExhausted, "too busy to answer before the deadline.", RetryAfter: refusal.RetryAfter),
        RefusalReason.DeadlinePassed => new(StatusCode.DeadlineExceeded, "the deadline is shorter than the text takes."),
        RefusalReason.TooManyTokens => Invalid(field, $"{refusal.Detail} and was not to be cut."),
        RefusalReason.Closed => new(StatusCode.Unavailable, "the server is shutting down."),
        _ => new(StatusCode.Internal, "the model could not answer; the server's log says why."),
    };

    /// <summary>What an exception of <see cref="ToRpcException"/> was made from.</summary>
    public static CallError From(RpcException exception)
    {
        var details = exception.GetRpcStatus();
        var violations = details?.GetDetail<BadRequest>()?.FieldViolations;
        return new CallError(
            exception.StatusCode,
            exception.Status.Detail,
            violations is [var first, ..] ? first.Field : "",
            details?.GetDetail<RetryInfo>()?.RetryDelay.ToTimeSpan());
    }

    /// <summary>What <see cref="ToItem"/> was made of.</summary>
    public static CallError From(ItemError error) => new((StatusCode)error.Code, error.Message, error.Field);

    public ItemError ToItem() => new() { Code = (int)Code, Message = Message, Field = Field };

    public RpcException ToRpcException()
    {
        var status = new Google.Rpc.Status { Code = (int)Code, Message = Message };
        if (Field.Length > 0)
        {
            status.Details.Add(Any.Pack(new BadRequest { FieldViolations = { new BadRequest.Types.FieldViolation { Field = Field, Description = Message } } }));
        }

        if (RetryAfter is not { } wait)
        {
            return status.ToRpcException();
        }

        status.Details.Add(Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(wait) }));
        var exception = status.ToRpcException();
        exception.Trailers.Add(PushbackTrailer, ((long)Math.Ceiling(wait.TotalMilliseconds)).ToString(CultureInfo.InvariantCulture));
        return exception;
    }
}
