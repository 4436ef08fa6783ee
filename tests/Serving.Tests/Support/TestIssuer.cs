using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace LoraOnnx.Serving.Tests.Support;

/// <summary>An OpenID Connect issuer on loopback: its metadata, its keys, and tokens.</summary>
internal sealed class TestIssuer : IAsyncDisposable
{
    public const string Audience = "reviews";

    private readonly RSA _rsa = RSA.Create(2048);
    private readonly WebApplication _application;

    private TestIssuer(WebApplication application) => _application = application;

    // Started.
    public Uri Authority => new(_application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    public static async Task<TestIssuer> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRouting();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var issuer = new TestIssuer(builder.Build());
        issuer._application.MapGet("/.well-known/openid-configuration", () => Json(new
        {
            issuer = issuer.Authority.AbsoluteUri,
            jwks_uri = new Uri(issuer.Authority, "/keys").AbsoluteUri,
        }));
        issuer._application.MapGet("/keys", () => Json(new { keys = new[] { JsonWebKeyOf(issuer._rsa) } }));
        await issuer._application.StartAsync(TestContext.Current.CancellationToken);
        return issuer;
    }

    /// <summary>A token that the issuer has signed, and further claims.</summary>
    public string Token(string? subject, string audience = Audience, bool expired = false, params (string Name, object Value)[] claims) =>
        Sign(new SigningCredentials(new RsaSecurityKey(_rsa) { KeyId = "one" }, SecurityAlgorithms.RsaSha256), subject, audience, expired, claims);

    /// <summary>The same as somebody else signs it.</summary>
    public string Forged(string subject)
    {
        using var other = RSA.Create(2048);
        return Sign(new SigningCredentials(new RsaSecurityKey(other) { KeyId = "one" }, SecurityAlgorithms.RsaSha256), subject, Audience,
            expired: false, []);
    }

    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync();
        _rsa.Dispose();
    }

    private string Sign(SigningCredentials credentials, string? subject, string audience, bool expired, (string Name, object Value)[] claims)
    {
        var all = claims.ToDictionary(claim => claim.Name, claim => claim.Value);
        if (subject is not null)
        {
            all["sub"] = subject;
        }

        return new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Authority.AbsoluteUri,
            Audience = audience,
            NotBefore = DateTime.UtcNow.AddHours(-2),
            Expires = DateTime.UtcNow.AddHours(expired ? -1 : 1),
            Claims = all,
            SigningCredentials = credentials,
        });
    }

    private static IResult Json(object value) => Results.Text(JsonSerializer.Serialize(value), "application/json");

    private static object JsonWebKeyOf(RSA rsa)
    {
        var key = rsa.ExportParameters(includePrivateParameters: false);
        return new { kty = "RSA", use = "sig", kid = "one", n = Base64UrlEncoder.Encode(key.Modulus), e = Base64UrlEncoder.Encode(key.Exponent) };
    }
}
