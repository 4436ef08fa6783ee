using System.Security.Authentication;
using Grpc.Core;

namespace LoraOnnx.Client;

/// <summary>A failed call in words.</summary>
/// <param name="What">What happened, to follow the address.</param>
/// <param name="WayOut">What to do, where something is known.</param>
internal sealed record CallFault(string What, string? WayOut)
{
    /// <summary>What a failed call says.</summary>
    /// <param name="failure">The failure.</param>
    /// <param name="ofNobody">The way out where nobody answers.</param>
    public static CallFault Of(RpcException failure, string ofNobody) => OfAddress(failure)
        ?? new(IsNobody(failure) ? $"no server answers: {failure.Status.DebugException!.GetBaseException().Message}" // looked at there
            : $"{failure.StatusCode}: {failure.Status.Detail}", failure.StatusCode switch
            {
                StatusCode.Unavailable => ofNobody,
                StatusCode.Unauthenticated or StatusCode.PermissionDenied =>
                    "give a key that the server knows with --api-key KEY, or in LORA_SERVE_API_KEY.",
                _ => null,
            });

    private static bool IsNobody(RpcException failure) =>
        failure is { StatusCode: StatusCode.Unavailable, Status.DebugException: not null };

    /// <summary>That something answers there, but not gRPC in the way that it was asked; null: nothing of the kind.</summary>
    public static CallFault? OfAddress(RpcException failure)
    {
        if (failure.Status.Detail.Contains("HTTP/2", StringComparison.Ordinal))
        {
            return new("is a server's port for HTTP, expected that for gRPC.",
                "lora-serve prints it at start: listening: grpc HOST:PORT; one with TLS is https://HOST:PORT.");
        }

        for (var cause = failure.Status.DebugException; cause is not null; cause = cause.InnerException)
        {
            if (cause is AuthenticationException)
            {
                return new("has no TLS, or a certificate that is not trusted here.",
                    $"a server without TLS is HOST:PORT, without https://. The reason: {cause.Message}");
            }
        }

        return null;
    }
}
