using System.Globalization;
using Grpc.Core;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Protocols.Grpc;

namespace LoraOnnx.Serving.Protocols.Rest;

/// <summary>The time that an HTTP caller allows, which admission and queue treat as a gRPC deadline; when it is over, or the caller gone, <see cref="Token"/> is cancelled.</summary>
internal sealed class RestDeadline : IDisposable
{
    /// <summary>Seconds that the call may take, such as 0.25.</summary>
    public const string Header = "X-Request-Timeout";

    public const string Description = "Seconds that the call may take, such as 0.25. One that cannot be answered in time is refused at once (429), one whose time is over ends with 504.";

    private static readonly TimeSpan _longest = TimeSpan.FromDays(1);

    private readonly CancellationTokenSource _over;

    /// <param name="header">The value of <see cref="Header"/>; null where there is none: no deadline.</param>
    /// <param name="aborted">Cancelled when the caller is gone.</param>
    /// <exception cref="RpcException">The header is not a number of seconds.</exception>
    public RestDeadline(string? header, CancellationToken aborted)
    {
        var allowed = header is null ? Timeout.InfiniteTimeSpan : Read(header);
        At = header is null ? DateTime.MaxValue : DateTime.UtcNow + allowed;
        _over = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        _over.CancelAfter(allowed);
    }

    /// <summary>In UTC; <see cref="DateTime.MaxValue"/> for none.</summary>
    public DateTime At { get; }

    public CancellationToken Token => _over.Token;

    public void Dispose() => _over.Dispose();

    private static TimeSpan Read(string header) =>
        double.TryParse(header, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds > 0 && seconds <= _longest.TotalSeconds
            ? TimeSpan.FromSeconds(seconds)
            : throw CallError.Invalid(Header, $"is '{header}', expected more than 0 and at most {_longest.TotalSeconds} seconds.").ToRpcException();
}
