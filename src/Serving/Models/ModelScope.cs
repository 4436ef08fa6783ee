using LoraOnnx.Serving.Security;

namespace LoraOnnx.Serving.Models;

/// <summary>
/// Which models the present caller may ask: those that its key is bound to. The catalog asks it, so that no protocol can forget to.
/// </summary>
internal sealed class ModelScope(IHttpContextAccessor accessor)
{
    /// <summary>Names of models, or null for all.</summary>
    public IReadOnlyList<string>? Names => accessor.HttpContext is { } context ? Access.ModelsOf(context.User) : null;
}
