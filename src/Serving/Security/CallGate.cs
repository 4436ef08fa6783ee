using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Telemetry;
using LoraOnnx.Serving.Transports;
using Microsoft.AspNetCore.Authorization;

namespace LoraOnnx.Serving.Security;

/// <summary>Turns calls away while the server drains, counts those that run, and says who administers. Probes pass.</summary>
internal sealed class CallGate(RequestDelegate next, ServerState state, ServingMetrics metrics, ILogger<CallGate> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var metadata = context.GetEndpoint()?.Metadata;
        if (metadata?.GetMetadata<ProbeAttribute>() is not null)
        {
            await next(context);
            return;
        }

        var caller = Access.NameOf(context.User);
        if (metadata?.GetOrderedMetadata<IAuthorizeData>().Any(needed => needed.Policy == Access.Admin) == true)
        {
            ServingLog.Administered(logger, context.Request.Path, caller);
        }

        state.CallBegins();
        try
        {
            var stopping = state.Stopping.IsCancellationRequested;
            metrics.Called(caller, stopping ? "draining" : "taken");
            await (stopping ? EarlyAnswer.WriteAsync(context, CallError.ShuttingDown) : next(context));
        }
        finally
        {
            state.CallEnds();
        }
    }
}
