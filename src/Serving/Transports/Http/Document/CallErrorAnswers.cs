namespace LoraOnnx.Serving.Transports.Http.Document;

/// <summary>What calls are answered with when they cannot be answered; who may not call at all is told by the endpoint's role.</summary>
internal static class CallErrorAnswers
{
    private static readonly int[] _statuses =
    [
        StatusCodes.Status400BadRequest, StatusCodes.Status404NotFound, StatusCodes.Status413PayloadTooLarge,
        StatusCodes.Status415UnsupportedMediaType, StatusCodes.Status429TooManyRequests, StatusCodes.Status503ServiceUnavailable,
        StatusCodes.Status504GatewayTimeout,
    ];

    /// <summary>Tells the document of <see cref="HttpErrors"/>' statuses.</summary>
    public static RouteHandlerBuilder ProducesCallErrors(this RouteHandlerBuilder call) => call.ProducesProblems(_statuses);

    /// <summary>Tells the document of a protocol's own.</summary>
    public static RouteHandlerBuilder ProducesProblems(this RouteHandlerBuilder call, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses)
        {
            call.ProducesProblem(status);
        }

        return call;
    }
}
