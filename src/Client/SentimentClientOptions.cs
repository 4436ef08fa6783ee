namespace LoraOnnx.Client;

/// <summary>How a <see cref="SentimentClient"/> calls.</summary>
public sealed record SentimentClientOptions
{
    /// <summary>Deadline of a call; of a stream: how long the server may owe an answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>An API key or a token, sent as <c>authorization: Bearer KEY</c>; null: none.</summary>
    public string? ApiKey { get; init; }

    /// <summary>How connections are made, for certificates of one's own; null: as the platform does. The caller disposes it.</summary>
    public HttpMessageHandler? Handler { get; init; }
}
