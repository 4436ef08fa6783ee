namespace LoraOnnx.Serving.Security;

/// <summary>The ways for callers to say who they are.</summary>
internal static class AccessSchemes
{
    /// <summary>All of them. A further one is a file of its own and a line here.</summary>
    public static IReadOnlyList<AccessArguments> Arguments() =>
    [
        ApiKeyScheme.Arguments(),
        JwtScheme.Arguments(),
    ];
}
