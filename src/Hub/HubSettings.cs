
namespace LoraOnnx.Hub;

/// <summary>Where the hub is, who asks, and where its files are kept: the environment variables of Python's huggingface_hub.</summary>
public sealed record HubSettings
{
    /// <summary>The hub's address, without a slash at the end.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>Folder of the cache, shared with Python.</summary>
    public required string CacheDirectory { get; init; }

    /// <summary>Access token for private and gated repositories, or null.</summary>
    public string? Token { get; init; }

    /// <summary>True when nothing may be asked of the network.</summary>
    public bool IsOffline { get; init; }

    /// <summary>HF_ENDPOINT; HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME; HF_TOKEN, HF_TOKEN_PATH; HF_HUB_OFFLINE.</summary>
    /// <exception cref="InputException">HF_ENDPOINT is no address.</exception>
    public static HubSettings FromEnvironment() => From(Environment.GetEnvironmentVariable);

    /// <summary>As <see cref="FromEnvironment"/>, from variables that <paramref name="read"/> gives.</summary>
    public static HubSettings From(Func<string, string?> read)
    {
        string? Variable(params string[] names) => names.Select(read).FirstOrDefault(value => !string.IsNullOrWhiteSpace(value))?.Trim();
        var user = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string? PathOf(params string[] names)
        {
            var path = Variable(names);
            return path == "~" || path?.StartsWith("~/", StringComparison.Ordinal) == true ? user + path[1..] : path;
        }

        var home = PathOf("HF_HOME") ?? Path.Combine(UserCache.Root(PathOf("XDG_CACHE_HOME")), "huggingface");
        var endpoint = Variable("HF_ENDPOINT")?.TrimEnd('/') ?? "https://huggingface.co";
        return new HubSettings
        {
            Endpoint = Uri.TryCreate(endpoint, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" ? address
                : throw new InputException($"HF_ENDPOINT is '{endpoint}', expected an address such as https://huggingface.co."),
            CacheDirectory = Path.GetFullPath(PathOf("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE") ?? Path.Combine(home, "hub")),
            Token = Variable("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN") ?? TokenOf(PathOf("HF_TOKEN_PATH") ?? Path.Combine(home, "token")),
            IsOffline = Variable("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")?.ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE",
        };
    }

    /// <summary>Tokens have 37 characters.</summary>
    private const int LargestToken = 4096;

    private static string? TokenOf(string path)
    {
        var token = File.Exists(path) ? ForeignFile.ReadText(path, LargestToken, "a file with a token", CancellationToken.None).Trim() : "";
        return token.Length == 0 ? null : token;
    }
}
