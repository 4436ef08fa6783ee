namespace LoraOnnx.Serving.Transports.Http;

/// <summary>What all REST protocols have in common.</summary>
internal static class HttpApi
{
    /// <summary>A group of endpoints whose callers may hang up.</summary>
    public static RouteGroupBuilder Group(IEndpointRouteBuilder routes, string prefix, string tag) =>
        routes.MapGroup(prefix).WithTags(tag).AddEndpointFilter(async (context, next) =>
        {
            try
            {
                return await next(context);
            }
            catch (OperationCanceledException) when (context.HttpContext.RequestAborted.IsCancellationRequested)
            {
                return TypedResults.StatusCode(StatusCodes.Status499ClientClosedRequest);
            }
        });

    /// <summary>Where GET is, HEAD is, too. The server itself leaves the body out.</summary>
    public static Task AnswerHeadAsGet(HttpContext context, RequestDelegate next)
    {
        if (HttpMethods.IsHead(context.Request.Method))
        {
            context.Request.Method = HttpMethods.Get;
        }

        return next(context);
    }

    /// <summary>200 or 503.</summary>
    public static IResult ReadyResult(bool ready) => ready ? TypedResults.Ok() : TypedResults.StatusCode(StatusCodes.Status503ServiceUnavailable);
}
