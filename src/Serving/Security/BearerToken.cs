namespace LoraOnnx.Serving.Security;

/// <summary>What stands in <c>authorization: Bearer ...</c>.</summary>
internal static class BearerToken
{
    private const string Scheme = "Bearer ";

    /// <summary>Null where there is none.</summary>
    public static string? Of(IHeaderDictionary headers) =>
        headers.Authorization.ToString() is var given && given.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            ? given[Scheme.Length..].Trim()
            : null;
}
