using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Transports.Grpc;
using LoraOnnx.Serving.Transports.Http;

namespace LoraOnnx.Serving.Transports;

/// <summary>Answers a request before it reaches its service, in the protocol it came in.</summary>
internal static class EarlyAnswer
{
    private const string GrpcContentType = "application/grpc";

    /// <summary>A gRPC request, as opposed to REST, the page and metrics.</summary>
    public static bool IsGrpc(HttpContext context) =>
        context.Request.ContentType?.StartsWith(GrpcContentType, StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>Ends the request with an error.</summary>
    public static Task WriteAsync(HttpContext context, CallError error)
    {
        if (IsGrpc(context))
        {
            // "Trailers-Only" of the gRPC protocol: status in the headers, no body.
            context.Response.StatusCode = StatusCodes.Status200OK;
            context.Response.ContentType = GrpcContentType;
            context.Response.Headers["grpc-status"] = ((int)GrpcErrors.Code(error.Kind)).ToString(System.Globalization.CultureInfo.InvariantCulture);
            context.Response.Headers["grpc-message"] = Uri.EscapeDataString(error.Message);
            if (error.RetryAfter is { } wait)
            {
                context.Response.Headers[GrpcErrors.PushbackTrailer] = GrpcErrors.PushbackMilliseconds(wait);
            }

            return Task.CompletedTask;
        }

        return HttpErrors.Result(error).ExecuteAsync(context);
    }
}
