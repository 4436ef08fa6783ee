using System.CommandLine;
using System.CommandLine.Parsing;
using System.Security.Claims;
using System.Text.Json;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace LoraOnnx.Serving.Security;

/// <summary>Callers show a token (JWT) of an OpenID Connect issuer; its <c>sub</c> names them, and one of its scopes may make them
/// administrators.</summary>
/// <param name="authority">The issuer's URL, below which its metadata stands.</param>
/// <param name="audience">What a token's <c>aud</c> must be.</param>
/// <param name="adminScope">The scope of administrators; null: no token administers.</param>
internal sealed class JwtScheme(Uri authority, string audience, string? adminScope) : IAccessScheme
{
    private static readonly TimeSpan _clockSkew = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    public string Name => JwtBearerDefaults.AuthenticationScheme;

    public string Expects => $"a token of {authority}: 'authorization: Bearer TOKEN'";

    public string Challenge => BearerToken.Name;

    public static AccessArguments Arguments()
    {
        var authority = new Option<string>("--jwt-authority")
        {
            Description = "URL of an OpenID Connect issuer; its tokens are taken, and its metadata is read at start. Needs --jwt-audience.",
            HelpName = "URL",
        };
        var audience = new Option<string>("--jwt-audience")
        {
            Description = "What 'aud' of a token must be. Needs --jwt-authority.",
            HelpName = "NAME",
        };
        var scope = new Option<string>("--jwt-admin-scope")
        {
            Description = "Tokens with this scope may administer; without it none may.",
            HelpName = "SCOPE",
        };
        authority.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && AuthorityOf(result.Tokens[0].Value) is null)
            {
                result.AddError($"--jwt-authority is '{result.Tokens[0].Value}', expected https://HOST[/PATH], or http:// on loopback.");
            }
        });
        return new AccessArguments(
            [authority, audience, scope],
            // checked
            parsed => parsed.GetValue(authority) is { } url
                ? new JwtScheme(AuthorityOf(url)!, parsed.GetRequiredValue(audience), parsed.GetValue(scope))
                : null,
            result => Check(result, authority, audience, scope));
    }

    public void Add(AuthenticationBuilder authentication) => authentication.AddJwtBearer(Name, jwt =>
    {
        jwt.Authority = authority.AbsoluteUri;
        jwt.RequireHttpsMetadata = authority.Scheme == Uri.UriSchemeHttps;
        jwt.BackchannelTimeout = _patience;
        jwt.MapInboundClaims = false;
        jwt.TokenValidationParameters = new TokenValidationParameters
        {
            ValidAudience = audience,
            ClockSkew = _clockSkew,
            // Public keys only: with a shared one, whoever checks tokens could make them.
            ValidAlgorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"],
        };
        jwt.Events = new JwtBearerEvents
        {
            OnMessageReceived = received =>
            {
                // An API key is no token that is wrong.
                if (BearerToken.Of(received.Request.Headers)?.Count(letter => letter == '.') != 2)
                {
                    received.NoResult();
                }

                return Task.CompletedTask;
            },
            OnTokenValidated = validated =>
            {
                if (validated.Principal?.FindFirstValue("sub") is { Length: > 0 } subject)
                {
                    validated.Principal = Access.Caller(Name, subject, adminScope is not null && ScopesOf(validated.Principal).Contains(adminScope));
                }
                else
                {
                    validated.Fail("the token has no 'sub'.");
                }

                return Task.CompletedTask;
            },
        };
    });

    /// <exception cref="InputException">The issuer does not answer, or has no keys.</exception>
    public async Task PrepareAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        try
        {
            var jwt = services.GetRequiredService<IOptionsMonitor<JwtBearerOptions>>().Get(Name);
            var metadata = await jwt.ConfigurationManager!.GetConfigurationAsync(cancellationToken); // made of the authority
            if (metadata.SigningKeys.Count == 0 || string.IsNullOrEmpty(metadata.Issuer))
            {
                throw new InputException($"--jwt-authority {authority}: its metadata names no issuer or no keys.", "give the issuer's own URL.");
            }
        }
        catch (Exception failure) when (failure is InvalidOperationException or HttpRequestException or IOException or ArgumentException
            or JsonException
            || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new InputException(
                $"--jwt-authority {authority}: its metadata cannot be read: {failure.GetBaseException().Message.ReplaceLineEndings(" ")}",
                "the issuer must answer at URL/.well-known/openid-configuration when the server starts.", failure);
        }
    }

    /// <summary>RFC 8693's <c>scope</c>, words in one string, or <c>scp</c>, as some issuers write it: the same, or a list.</summary>
    private static IEnumerable<string> ScopesOf(ClaimsPrincipal token) =>
        token.Claims.Where(claim => claim.Type is "scope" or "scp")
            .SelectMany(claim => claim.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    private static Uri? AuthorityOf(string url) => Uri.TryCreate(url, UriKind.Absolute, out var authority)
        && (authority.Scheme == Uri.UriSchemeHttps || (authority.Scheme == Uri.UriSchemeHttp && authority.IsLoopback)) ? authority : null;

    private static void Check(CommandResult result, Option authority, Option audience, Option scope)
    {
        foreach (var (given, needed) in ((Option, Option)[])[(authority, audience), (audience, authority), (scope, authority)])
        {
            if (result.GetResult(given) is not null && result.GetResult(needed) is null)
            {
                result.AddError($"{given.Name} needs {needed.Name}.");
            }
        }
    }
}
