using System.Globalization;
using LoraOnnx.Serving.Calls;

namespace LoraOnnx.Serving.Transports.Http;

/// <summary>The time that an HTTP caller allows, which admission and queue treat as a gRPC deadline.</summary>
internal static class RequestTimeout
{
    /// <summary>Seconds that the call may take, such as 0.25.</summary>
    public const string Header = "X-Request-Timeout";

    public const string Description =
        "Seconds that the call may take, such as 0.25. One that cannot be answered in time is refused at once (429), "
        + "one whose time is over ends with 504.";

    private static readonly TimeSpan _longest = TimeSpan.FromDays(1);

    /// <summary>The time stamp at which the time is over, or what is wrong with the header.</summary>
    public static (long ExpiresAt, CallError? Error) Read(string? header, TimeProvider time) => header is null ? (long.MaxValue, null)
        : double.TryParse(header, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds > 0
            && seconds <= _longest.TotalSeconds
            ? (CallTime.In(TimeSpan.FromSeconds(seconds), time), null)
            : (0, CallError.Invalid(Header, $"is '{CallError.Shown(header)}', expected more than 0 and at most {_longest.TotalSeconds} seconds."));
}
