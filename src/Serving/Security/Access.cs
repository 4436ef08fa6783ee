using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;

namespace LoraOnnx.Serving.Security;

/// <summary>
/// Who may do what. Every endpoint says its role itself: <c>[Authorize(Access.User)]</c>, <c>[Authorize(Access.Admin)]</c> or
/// <see cref="ProbeAttribute"/> (the page: AllowAnonymous). One that says nothing is for nobody.
/// </summary>
internal static class Access
{
    /// <summary>Every call but the administrative ones; a policy and a role.</summary>
    public const string User = "user";

    /// <summary>Every call; a policy and a role.</summary>
    public const string Admin = "admin";

    /// <summary>A claim for each model that a caller is bound to.</summary>
    private const string Model = "lora-onnx:model";

    /// <summary>Longest name of a caller, in logs and metrics.</summary>
    private const int LongestName = 64;

    /// <summary>A caller whom a scheme knows. Nothing else that the caller says of itself is kept.</summary>
    /// <param name="scheme">The scheme.</param>
    /// <param name="name">Its name.</param>
    /// <param name="isAdmin">Whether it may call everything.</param>
    /// <param name="models">The models that it may ask; null: all.</param>
    public static ClaimsPrincipal Caller(string scheme, string name, bool isAdmin, IReadOnlyList<string>? models = null) => new(new ClaimsIdentity(
        [
            new Claim(ClaimTypes.Name, Bounded(name)), new Claim(ClaimTypes.Role, isAdmin ? Admin : User),
            .. (models ?? []).Select(model => new Claim(Model, model)),
        ], scheme));

    /// <summary>The models that a caller may ask, or null for all.</summary>
    public static IReadOnlyList<string>? ModelsOf(ClaimsPrincipal caller) =>
        caller.HasClaim(claim => claim.Type == Model) ? [.. caller.FindAll(Model).Select(claim => claim.Value)] : null;

    /// <summary>The name of the caller: of the key, of a token's <c>sub</c>; empty where callers need not say who they are.</summary>
    public static string NameOf(ClaimsPrincipal caller) => caller.Identity?.Name ?? "";

    public static void Add(IServiceCollection services, ServingOptions options)
    {
        // Not AddAuthentication: it would also keep keys for cookies in the user's home, and configure schemes from files and variables.
        services.AddAuthenticationCore();
        services.AddWebEncoders();
        services.AddSingleton<IAuthenticationConfigurationProvider, NoAuthenticationConfiguration>();
        var authentication = new AuthenticationBuilder(services);
        IReadOnlyList<IAccessScheme> schemes = options.Access.Count > 0 ? options.Access : [new OpenScheme(options)];
        foreach (var scheme in schemes)
        {
            scheme.Add(authentication);
        }

        string[] names = [.. schemes.Select(scheme => scheme.Name)];
        var user = new AuthorizationPolicyBuilder(names).RequireRole(User, Admin).Build();
        services.AddAuthorizationBuilder()
            .AddPolicy(User, user)
            .AddPolicy(Admin, new AuthorizationPolicyBuilder(names).RequireRole(Admin).Build())
            // What ASP.NET Core itself answers (no such path, wrong method, wrong type) is for users; an endpoint of ours without a role is for
            // nobody.
            .SetFallbackPolicy(new AuthorizationPolicyBuilder(user)
                .RequireAssertion(asked => (asked.Resource as HttpContext)?.GetEndpoint() is not RouteEndpoint)
                .Build());
        services.AddSingleton<IAuthorizationMiddlewareResultHandler, AccessRefusal>();
    }

    /// <summary>Reads what the schemes need, before anything else is loaded.</summary>
    /// <exception cref="InputException">A file of keys is wrong, or an issuer of tokens does not answer.</exception>
    public static async Task PrepareAsync(IServiceProvider services, ServingOptions options, CancellationToken cancellationToken)
    {
        foreach (var scheme in options.Access)
        {
            await scheme.PrepareAsync(services, cancellationToken);
        }
    }

    private static string Bounded(string name)
    {
        var bounded = name.Length > LongestName ? name[..LongestName] : name;
        return bounded.Any(char.IsControl) ? string.Concat(bounded.Select(letter => char.IsControl(letter) ? '?' : letter)) : bounded;
    }

    private sealed class NoAuthenticationConfiguration : IAuthenticationConfigurationProvider
    {
        public IConfiguration AuthenticationConfiguration { get; } = new ConfigurationBuilder().Build();
    }
}
