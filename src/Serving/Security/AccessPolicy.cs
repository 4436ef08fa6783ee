using System.Net;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Page;

namespace LoraOnnx.Serving.Security;

/// <summary>Which calls need which key. Without a key file everybody may classify, and administrative calls are for servers on loopback only.</summary>
internal sealed class AccessPolicy(ReloadedFiles<ApiKeys>? keys, bool boundToLoopback)
{
    private static readonly string[] _adminPaths =
    [
        "/lora_onnx.v1.Admin/",
        "/inference.GRPCInferenceService/RepositoryModelLoad",
        "/inference.GRPCInferenceService/RepositoryModelUnload",
        "/v2/repository/models/",
    ];

    private static readonly string[] _healthPaths = ["/grpc.health.v1.Health/", "/health", "/v2/health/"];

    /// <summary>Health is open to probes and answered during a drain.</summary>
    public static bool IsHealth(string path) => Array.Exists(_healthPaths, health => path.StartsWith(health, StringComparison.OrdinalIgnoreCase));

    /// <summary>Why a request may not go on, or null when it may.</summary>
    public CallError? Refuse(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        // Routes match in any case, so must this.
        var isAdmin = Array.Exists(_adminPaths, admin => path.StartsWith(admin, StringComparison.OrdinalIgnoreCase));
        if (keys is null)
        {
            return !isAdmin ? null
                : !boundToLoopback ? new CallError(ErrorKind.PermissionDenied, "administrative calls need a server on loopback or with an API key file (--api-keys).")
                // Loopback is no protection from a web page that the user of this machine looks at; browsers say where a call comes from.
                : context.Request.Headers.Origin.Count > 0 ? new CallError(ErrorKind.PermissionDenied, "administrative calls from web pages need an API key (--api-keys).")
                : null;
        }

        // The page asks for a key itself; its files hold nothing secret.
        if (PageFiles.IsFile(path))
        {
            return null;
        }

        return (KeyOf(context.Request.Headers) is { } key ? keys.Content.Find(key) : null, isAdmin) switch
        {
            (null, _) => new CallError(ErrorKind.Unauthenticated, "an API key is needed: 'authorization: Bearer KEY'."),
            ({ IsAdmin: false }, true) => new CallError(ErrorKind.PermissionDenied, "the key's role is user; this call needs admin."),
            _ => null,
        };
    }

    /// <summary>Whether an address is reachable from this machine only.</summary>
    public static bool IsLoopback(string host) => host == "localhost" || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));

    private static string? KeyOf(IHeaderDictionary headers)
    {
        const string scheme = "Bearer ";
        var authorization = headers.Authorization.ToString();
        return authorization.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) ? authorization[scheme.Length..].Trim()
            : headers.TryGetValue("x-api-key", out var key) ? key.ToString()
            : null;
    }
}
