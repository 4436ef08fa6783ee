using System.Globalization;
using LoraOnnx.Serving.Calls;

namespace LoraOnnx.Serving.Transports.Http;

/// <summary>Errors as HTTP answers: problem details (RFC 9457), with <c>field</c> where one is wrong and Retry-After where waiting helps.</summary>
internal static class HttpErrors
{
    /// <summary>The usual answer for an error.</summary>
    public static IResult Result(CallError error) => Result(error, Status(error.Kind), []);

    /// <summary>An answer of a protocol with statuses and members of its own.</summary>
    public static IResult Result(CallError error, int status, IEnumerable<KeyValuePair<string, object?>> members) => new Problem(
        TypedResults.Problem(
            detail: error.Message,
            statusCode: status,
            title: error.Kind.ToString(),
            extensions: [.. members, .. error.Field.Length > 0 ? (KeyValuePair<string, object?>[])[new("field", error.Field)] : []]),
        error.RetryAfter);

    /// <summary>The HTTP status that gRPC gateways use for such an error.</summary>
    public static int Status(ErrorKind kind) => kind switch
    {
        ErrorKind.InvalidArgument or ErrorKind.Empty or ErrorKind.OverLimit => StatusCodes.Status400BadRequest,
        ErrorKind.Unauthenticated => StatusCodes.Status401Unauthorized,
        ErrorKind.PermissionDenied => StatusCodes.Status403Forbidden,
        ErrorKind.NotFound => StatusCodes.Status404NotFound,
        ErrorKind.AlreadyExists => StatusCodes.Status409Conflict,
        ErrorKind.FailedPrecondition => StatusCodes.Status412PreconditionFailed,
        ErrorKind.TooLarge => StatusCodes.Status413PayloadTooLarge,
        ErrorKind.ResourceExhausted => StatusCodes.Status429TooManyRequests,
        ErrorKind.Unimplemented => StatusCodes.Status501NotImplemented,
        ErrorKind.Unavailable => StatusCodes.Status503ServiceUnavailable,
        ErrorKind.DeadlineExceeded => StatusCodes.Status504GatewayTimeout,
        _ => StatusCodes.Status500InternalServerError,
    };

    private sealed class Problem(IResult result, TimeSpan? retryAfter) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            if (retryAfter is { } wait)
            {
                httpContext.Response.Headers.RetryAfter = ((int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
            }

            return result.ExecuteAsync(httpContext);
        }
    }
}
