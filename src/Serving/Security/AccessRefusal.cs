using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Telemetry;
using LoraOnnx.Serving.Transports;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;

namespace LoraOnnx.Serving.Security;

/// <summary>Answers a caller who may not do what it asks, in the protocol it asked in, before anything of the request's body is read.</summary>
internal sealed class AccessRefusal(ServingOptions options, ServingMetrics metrics) : IAuthorizationMiddlewareResultHandler
{
    /// <summary>How to come again with credentials.</summary>
    private readonly string[] _challenges =
        [.. options.Access.Select(scheme => scheme.Challenge).Distinct().Select(challenge => $"{challenge} realm=\"{ServingSetup.ServerName}\"")];

    private readonly CallError _unknown =
        new(ErrorKind.Unauthenticated, $"the call needs {string.Join(", or ", options.Access.Select(scheme => scheme.Expects))}.");

    private readonly CallError _notAllowed = new(ErrorKind.PermissionDenied,
        options.Access.Count == 0 ? OpenScheme.WhyNotAdmin : "the caller's role is user; this call needs admin.");

    public Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        if (authorizeResult.Succeeded)
        {
            return next(context);
        }

        metrics.Called(Access.NameOf(context.User), authorizeResult.Challenged ? "unauthenticated" : "forbidden");
        if (authorizeResult.Challenged)
        {
            context.Response.Headers.WWWAuthenticate = _challenges;
        }

        return EarlyAnswer.WriteAsync(context, authorizeResult.Challenged ? _unknown : _notAllowed);
    }
}
