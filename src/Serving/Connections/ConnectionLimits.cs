namespace LoraOnnx.Serving.Connections;

/// <summary>How many connections may be open, and how long one may keep the server waiting.</summary>
/// <param name="Open">Most connections over all ports.</param>
/// <param name="Closing">Most further ones that were accepted while others are on their way out.</param>
internal sealed record ConnectionLimits(int Open, int Closing)
{
    /// <summary>Descriptors kept for all else: about 240 of the runtime and its libraries, then models, keys and certificates that are read again,
    /// telemetry.</summary>
    private const int Reserve = 384;

    private const int MostClosing = 64;

    /// <summary>How long a connection may be without a request. Longer than load balancers keep theirs (60 s), so that it is they who
    /// close.</summary>
    public static TimeSpan Idle { get; } = TimeSpan.FromSeconds(130);

    /// <summary>How long the headers of a request may take, from the first byte on.</summary>
    public static TimeSpan Headers { get; } = TimeSpan.FromSeconds(15);

    /// <summary>What fits into a limit of descriptors; of a very small one, half.</summary>
    public static ConnectionLimits For(int descriptors)
    {
        var room = Math.Max(2, descriptors - Math.Min(Reserve, descriptors / 2));
        var closing = Math.Min(MostClosing, room / 4);
        return new ConnectionLimits(room - closing, closing);
    }
}
