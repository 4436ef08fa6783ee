using System.Net;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace LoraOnnx.Serving.Security;

/// <summary>A server without keys or tokens: everybody is a user, and whoever sits at this machine is its administrator.</summary>
internal sealed class OpenScheme(ServingOptions options) : IAccessScheme
{
    public string Name => "Open";

    public string Expects => "";

    public string Challenge => ""; // nobody is unknown here

    /// <summary>Why an administrative call was refused.</summary>
    public const string WhyNotAdmin = "administrative calls need a server on loopback and a caller on this machine, named as localhost, "
        + "not through a proxy or a web page; or an API key (--api-keys).";

    public void Add(AuthenticationBuilder authentication) =>
        authentication.AddScheme<Settings, Handler>(Name, settings => settings.BoundToLoopback = IsLoopbackHost(options.Host));

    public Task PrepareAsync(IServiceProvider services, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>
    /// Whether a request comes from this machine by all that can be known: the connection's own addresses, the name that the server was called by (a
    /// web page's name can be made to lead here), no sign of a proxy, no sign of a browser.
    /// </summary>
    public static bool IsLocal(HttpContext context) =>
        IsLoopback(context.Connection.RemoteIpAddress)
        && IsLoopback(context.Connection.LocalIpAddress)
        && IsLoopbackHost(context.Request.Host.Host)
        && !context.Request.Headers.Any(header => IsForwarding(header.Key) || IsBrowsers(header.Key));

    private static bool IsForwarding(string header) =>
        header.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase)
        || header.StartsWith("X-Original-", StringComparison.OrdinalIgnoreCase)
        || header.StartsWith("X-Envoy-", StringComparison.OrdinalIgnoreCase)
        || header.ToUpperInvariant() is "FORWARDED" or "VIA" or "X-REAL-IP" or "X-CLIENT-IP" or "X-CLUSTER-CLIENT-IP" or "TRUE-CLIENT-IP"
            or "CF-CONNECTING-IP";

    private static bool IsBrowsers(string header) =>
        header.Equals("Origin", StringComparison.OrdinalIgnoreCase) || header.StartsWith("Sec-Fetch-", StringComparison.OrdinalIgnoreCase);

    private static bool IsLoopbackHost(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IsLoopback(address));

    private static bool IsLoopback(IPAddress? address) =>
        address is not null && IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);

    internal sealed class Settings : AuthenticationSchemeOptions
    {
        public bool BoundToLoopback { get; set; }
    }

    private sealed class Handler(IOptionsMonitor<Settings> settings, ILoggerFactory loggers, UrlEncoder encoder)
        : AuthenticationHandler<Settings>(settings, loggers, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(AuthenticateResult.Success(
            new AuthenticationTicket(Access.Caller(Scheme.Name, "", Options.BoundToLoopback && IsLocal(Context)), Scheme.Name)));
    }
}
