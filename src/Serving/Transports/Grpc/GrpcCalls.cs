using Grpc.Core;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Security;

namespace LoraOnnx.Serving.Transports.Grpc;

/// <summary>What a gRPC call says beside its message.</summary>
internal static class GrpcCalls
{
    /// <summary>The time stamp at which the call's deadline is reached.</summary>
    public static long ExpiresAt(this ServerCallContext context, TimeProvider time) =>
        context.Deadline == DateTime.MaxValue ? long.MaxValue : CallTime.In(context.Deadline - time.GetUtcNow().UtcDateTime, time);

    /// <summary>Name of who calls; empty where callers have none.</summary>
    public static string Caller(this ServerCallContext context) => Access.NameOf(context.GetHttpContext().User);
}
