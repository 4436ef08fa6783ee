using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Protocols;

namespace LoraOnnx.Serving.Security;

/// <summary>Decides who may call what, before anything is read of the request's body; turns calls away while the server drains; counts those that run.</summary>
internal sealed class AccessGate(RequestDelegate next, ServerState state, AccessPolicy policy)
{
    private static readonly CallError _draining = new(ErrorKind.Unavailable, "the server is shutting down; go on with another one.", RetryAfter: TimeSpan.FromSeconds(1));

    public async Task InvokeAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        if (AccessPolicy.IsHealth(path))
        {
            await next(context);
            return;
        }

        if (policy.Refuse(context) is { } refusal)
        {
            await EarlyAnswer.WriteAsync(context, refusal);
            return;
        }

        state.CallBegins();
        try
        {
            await (state.Stopping.IsCancellationRequested ? EarlyAnswer.WriteAsync(context, _draining) : next(context));
        }
        finally
        {
            state.CallEnds();
        }
    }
}
