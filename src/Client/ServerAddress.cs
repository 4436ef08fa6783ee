using System.Text.RegularExpressions;

namespace LoraOnnx.Client;

/// <summary>Tells a server's address from a path: <c>http://HOST:PORT/MODEL</c>.</summary>
internal static partial class ServerAddress
{
    public static bool Is(string path) =>
        path.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || path.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    /// <summary>The way out where the scheme is missing, as in <c>localhost:50051/lora</c>; null for others.</summary>
    public static string? WayOut(string path) => WithoutScheme().IsMatch(path) ? $"a server is named with its scheme: http://{path}" : null;

    [GeneratedRegex(@"^([\w.-]+|\[[0-9A-Fa-f:]+\]):\d{1,5}(/[^/]*)?\z")]
    private static partial Regex WithoutScheme();
}
