using System.Globalization;
using Grpc.Core;

namespace LoraOnnx.Serving.Protocols.Rest;

/// <summary>Errors of the calls as HTTP answers: problem details (RFC 9457), with <c>field</c> where one is wrong and Retry-After where waiting helps.</summary>
internal static class RestErrors
{
    public static IResult Result(CallError error) => new RetryableResult(
        TypedResults.Problem(
            detail: error.Message,
            statusCode: HttpStatus(error.Code),
            title: error.Code.ToString(),
            extensions: error.Field.Length > 0 ? [new("field", error.Field)] : []),
        error.RetryAfter);

    /// <summary>The HTTP status that gRPC gateways use for a gRPC status.</summary>
    private static int HttpStatus(StatusCode code) => code switch
    {
        StatusCode.InvalidArgument => StatusCodes.Status400BadRequest,
        StatusCode.Unauthenticated => StatusCodes.Status401Unauthorized,
        StatusCode.PermissionDenied => StatusCodes.Status403Forbidden,
        StatusCode.NotFound => StatusCodes.Status404NotFound,
        StatusCode.AlreadyExists => StatusCodes.Status409Conflict,
        StatusCode.FailedPrecondition => StatusCodes.Status412PreconditionFailed,
        StatusCode.ResourceExhausted => StatusCodes.Status429TooManyRequests,
        StatusCode.Cancelled => StatusCodes.Status499ClientClosedRequest,
        StatusCode.Unimplemented => StatusCodes.Status501NotImplemented,
        StatusCode.Unavailable => StatusCodes.Status503ServiceUnavailable,
        StatusCode.DeadlineExceeded => StatusCodes.Status504GatewayTimeout,
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
