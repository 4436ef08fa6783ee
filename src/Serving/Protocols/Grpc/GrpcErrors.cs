using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using LoraOnnx.Serving.Calls;
using LoraOnnx.V1;

namespace LoraOnnx.Serving.Protocols.Grpc;

/// <summary>Errors as gRPC says them: a status, google.rpc.BadRequest for the field, google.rpc.RetryInfo and a trailer for when to come back.</summary>
internal static class GrpcErrors
{
    /// <summary>Understood by gRPC clients with a retry policy: milliseconds to wait.</summary>
    public const string PushbackTrailer = "grpc-retry-pushback-ms";

    public static StatusCode Code(ErrorKind kind) => kind switch
    {
        ErrorKind.InvalidArgument => StatusCode.InvalidArgument,
        ErrorKind.NotFound => StatusCode.NotFound,
        ErrorKind.AlreadyExists => StatusCode.AlreadyExists,
        ErrorKind.FailedPrecondition => StatusCode.FailedPrecondition,
        ErrorKind.PermissionDenied => StatusCode.PermissionDenied,
        ErrorKind.Unauthenticated => StatusCode.Unauthenticated,
        ErrorKind.ResourceExhausted => StatusCode.ResourceExhausted,
        ErrorKind.DeadlineExceeded => StatusCode.DeadlineExceeded,
        ErrorKind.Unavailable => StatusCode.Unavailable,
        ErrorKind.Unimplemented => StatusCode.Unimplemented,
        _ => StatusCode.Internal,
    };

    public static ItemError ToItem(this CallError error) => new() { Code = (int)Code(error.Kind), Message = error.Message, Field = error.Field };

    public static string PushbackMilliseconds(TimeSpan wait) => ((long)Math.Ceiling(wait.TotalMilliseconds)).ToString(CultureInfo.InvariantCulture);

    public static RpcException ToRpcException(this CallError error)
    {
        var status = new Google.Rpc.Status { Code = (int)Code(error.Kind), Message = error.Message };
        if (error.Field.Length > 0)
        {
            var violation = new BadRequest.Types.FieldViolation { Field = error.Field, Description = error.Message };
            status.Details.Add(Any.Pack(new BadRequest { FieldViolations = { violation } }));
        }

        if (error.RetryAfter is not { } wait)
        {
            return status.ToRpcException();
        }

        status.Details.Add(Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(wait) }));
        var exception = status.ToRpcException();
        exception.Trailers.Add(PushbackTrailer, PushbackMilliseconds(wait));
        return exception;
    }

    /// <summary>What an exception of <see cref="ToRpcException"/> was made from.</summary>
    public static CallError From(RpcException exception)
    {
        var details = exception.GetRpcStatus();
        var violations = details?.GetDetail<BadRequest>()?.FieldViolations;
        return new CallError(
            System.Enum.GetValues<ErrorKind>().FirstOrDefault(kind => Code(kind) == exception.StatusCode, ErrorKind.Internal),
            exception.Status.Detail,
            violations is [var first, ..] ? first.Field : "",
            details?.GetDetail<RetryInfo>()?.RetryDelay.ToTimeSpan());
    }

    /// <summary>What <see cref="ToItem"/> was made of.</summary>
    public static CallError From(ItemError error) => new(
        System.Enum.GetValues<ErrorKind>().FirstOrDefault(kind => (int)Code(kind) == error.Code, ErrorKind.Internal), error.Message, error.Field);
}
