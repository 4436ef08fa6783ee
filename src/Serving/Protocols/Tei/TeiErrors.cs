using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Transports.Http;

namespace LoraOnnx.Serving.Protocols.Tei;

/// <summary>Errors of the REST paths with upstream's statuses and its <c>error_type</c>.</summary>
internal static class TeiErrors
{
    /// <summary>Field of an error in the JSON itself; upstream answers 400 to it, and 422 to JSON of another shape than it wants.</summary>
    private const string Body = "body";

    public static IResult Result(CallError error)
    {
        var (status, type) = error.Kind switch
        {
            ErrorKind.ResourceExhausted => (StatusCodes.Status429TooManyRequests, "Overloaded"),
            ErrorKind.Unavailable or ErrorKind.FailedPrecondition or ErrorKind.NotFound => (StatusCodes.Status503ServiceUnavailable, "Unhealthy"),
            ErrorKind.TooLarge or ErrorKind.OverLimit => (StatusCodes.Status413PayloadTooLarge, "Validation"),
            ErrorKind.Empty => (StatusCodes.Status400BadRequest, "Empty"),
            ErrorKind.Internal => (StatusCodes.Status424FailedDependency, "Backend"),
            ErrorKind.InvalidArgument when error.Field == Body => (StatusCodes.Status400BadRequest, "Validation"),
            ErrorKind.InvalidArgument => (StatusCodes.Status422UnprocessableEntity, "Tokenizer"),
            var other => (HttpErrors.Status(other), "Validation"),
        };
        return HttpErrors.Result(error, status, [new("error_type", type)]);
    }
}
