namespace LoraOnnx.Client;

/// <summary>How a <see cref="SentimentClient"/> calls.</summary>
public sealed record SentimentClientOptions
{
    /// <summary>Deadline of a call; of a stream: how long an answer may take from one to the next.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Sent as <c>authorization: Bearer KEY</c>; null: none.</summary>
    public string? ApiKey { get; init; }

    /// <summary>How connections are made, for certificates of one's own; null: as the platform does. The caller disposes it.</summary>
    public HttpMessageHandler? Handler { get; init; }
}
