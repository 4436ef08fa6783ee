using System.Security.Authentication;
using Grpc.Core;

namespace LoraOnnx.Client;

/// <summary>An address at which something answers, but not gRPC in the way that it was asked.</summary>
/// <param name="What">What is there, to follow the address.</param>
/// <param name="WayOut">What to give instead.</param>
internal sealed record AddressFault(string What, string WayOut)
{
    /// <summary>What a failed call says of its address; null: nothing.</summary>
    public static AddressFault? Of(RpcException failure)
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
