using System.CommandLine;
using System.Text.Encodings.Web;
using LoraOnnx.CommandLine;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace LoraOnnx.Serving.Security;

/// <summary>Callers show a key of a file, as <c>authorization: Bearer KEY</c> or <c>x-api-key: KEY</c>; the file gives it a name and a
/// role.</summary>
internal sealed class ApiKeyScheme(string path) : IAccessScheme
{
    public string Name => "ApiKey";

    public string Expects => "an API key: 'authorization: Bearer KEY'";

    public string Challenge => BearerToken.Name;

    public static AccessArguments Arguments()
    {
        var file = new Option<string>("--api-keys")
        {
            Description = "Lines 'user NAME KEY [models=NAME,...]' or 'admin NAME KEY'; read again when it changes.",
            HelpName = "FILE",
        };
        return new AccessArguments([file], parsed => ExistingPath.OfFile(parsed, file) is { } given ? new ApiKeyScheme(given) : null);
    }

    public void Add(AuthenticationBuilder authentication)
    {
        authentication.Services.AddSingleton(provider =>
        {
            var logger = provider.GetRequiredService<ILogger<ApiKeys>>();
            return new ReloadedFiles<ApiKeys>(
                [path],
                files => ApiKeys.Read(files[0], wrong => ServingLog.KeysWrong(logger, wrong.Message)),
                provider.GetRequiredService<TimeProvider>(),
                logger);
        });
        authentication.AddScheme<AuthenticationSchemeOptions, Handler>(Name, configureOptions: null);
    }

    /// <exception cref="InputException">There is no key to begin with.</exception>
    public Task PrepareAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        InputException? first = null;
        // a file without keys is wrong
        return ApiKeys.Read(FileText.Read(path), wrong => first ??= wrong).Count > 0 ? Task.CompletedTask : throw first!;
    }

    private sealed class Handler(
        IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, ReloadedFiles<ApiKeys> keys)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(
            KeyOf(Request.Headers) is { } given && keys.Content.Find(given) is { } key
                ? AuthenticateResult.Success(new AuthenticationTicket(Access.Caller(Scheme.Name, key.Name, key.IsAdmin, key.Models), Scheme.Name))
                : AuthenticateResult.NoResult());

        private static string? KeyOf(IHeaderDictionary headers) => BearerToken.Of(headers)
            ?? (headers.TryGetValue("x-api-key", out var key) ? key.ToString() : null);
    }
}
