using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using LoraOnnx.Serving.Calls;

namespace LoraOnnx.Serving.Transports.Grpc;

/// <summary>
/// Errors as gRPC says them: a status, google.rpc.BadRequest for the field, google.rpc.RetryInfo and a trailer for when to come back.
/// </summary>
internal static class GrpcErrors
{
    /// <summary>Understood by gRPC clients with a retry policy: milliseconds to wait.</summary>
    public const string PushbackTrailer = "grpc-retry-pushback-ms";

    public static StatusCode Code(ErrorKind kind) => kind switch
    {
        ErrorKind.InvalidArgument or ErrorKind.Empty or ErrorKind.OverLimit => StatusCode.InvalidArgument,
        ErrorKind.NotFound => StatusCode.NotFound,
        ErrorKind.AlreadyExists => StatusCode.AlreadyExists,
        ErrorKind.FailedPrecondition => StatusCode.FailedPrecondition,
        ErrorKind.PermissionDenied => StatusCode.PermissionDenied,
        ErrorKind.Unauthenticated => StatusCode.Unauthenticated,
        ErrorKind.ResourceExhausted or ErrorKind.TooLarge => StatusCode.ResourceExhausted,
        ErrorKind.DeadlineExceeded => StatusCode.DeadlineExceeded,
        ErrorKind.Unavailable => StatusCode.Unavailable,
        ErrorKind.Unimplemented => StatusCode.Unimplemented,
        _ => StatusCode.Internal,
    };

    /// <summary>The value, or the error as the framework wants it: thrown.</summary>
    public static T OrThrow<T>(this CallResult<T> result)
        where T : class => result.Value ?? throw result.Error!.ToRpcException(); // one of the two is set

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
}
