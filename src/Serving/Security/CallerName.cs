namespace LoraOnnx.Serving.Security;

/// <summary>Who makes the call that runs now, for logs and limits.</summary>
internal sealed class CallerName(IHttpContextAccessor contexts)
{
    /// <summary>The name of the key, or a token's <c>sub</c>; empty where callers need not say who they are.</summary>
    public string Now => contexts.HttpContext is { } context ? Access.NameOf(context.User) : "";
}
