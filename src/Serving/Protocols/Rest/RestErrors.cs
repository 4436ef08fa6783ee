using System.Globalization;
using LoraOnnx.Serving.Calls;

namespace LoraOnnx.Serving.Protocols.Rest;

/// <summary>Errors of the calls as HTTP answers: problem details (RFC 9457), with <c>field</c> where one is wrong and Retry-After where waiting helps.</summary>
internal static class RestErrors
{
    public static IResult Result(CallError error) => new RetryableResult(
        TypedResults.Problem(
            detail: error.Message,
            statusCode: HttpStatus(error.Kind),
            title: error.Kind.ToString(),
            extensions: error.Field.Length > 0 ? [new("field", error.Field)] : []),
        error.RetryAfter);

    /// <summary>The HTTP status that gRPC gateways use for such an error.</summary>
    private static int HttpStatus(ErrorKind kind) => kind switch
    {
        ErrorKind.InvalidArgument => StatusCodes.Status400BadRequest,
        ErrorKind.Unauthenticated => StatusCodes.Status401Unauthorized,
        ErrorKind.PermissionDenied => StatusCodes.Status403Forbidden,
        ErrorKind.NotFound => StatusCodes.Status404NotFound,
        ErrorKind.AlreadyExists => StatusCodes.Status409Conflict,
        ErrorKind.FailedPrecondition => StatusCodes.Status412PreconditionFailed,
        ErrorKind.ResourceExhausted => StatusCodes.Status429TooManyRequests,
        ErrorKind.Unimplemented => StatusCodes.Status501NotImplemented,
        ErrorKind.Unavailable => StatusCodes.Status503ServiceUnavailable,
        ErrorKind.DeadlineExceeded => StatusCodes.Status504GatewayTimeout,
        _ => StatusCodes.Status500InternalServerError,
    };

    private sealed class RetryableResult(IResult result, TimeSpan? retryAfter) : IResult
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
