namespace LoraOnnx.Serving.Security;

/// <summary>What stands in <c>authorization: Bearer ...</c>.</summary>
internal static class BearerToken
{
    /// <summary>RFC 6750: what the way is called.</summary>
    public const string Name = "Bearer";

    private const string Scheme = $"{Name} ";

    /// <summary>Null where there is none.</summary>
    public static string? Of(IHeaderDictionary headers) =>
        headers.Authorization.ToString() is var given && given.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            ? given[Scheme.Length..].Trim()
            : null;
}
