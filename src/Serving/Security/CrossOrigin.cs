using System.CommandLine;

namespace LoraOnnx.Serving.Security;

/// <summary>Which web pages' scripts may call this server from a browser (CORS): none but its own, unless asked otherwise.</summary>
internal static class CrossOrigin
{
    private const string Everybody = "*";
    private static readonly TimeSpan _preflightHolds = TimeSpan.FromHours(1);

    /// <summary>Headers of answers that a script may read: gRPC-Web's and those of REST's errors.</summary>
    private static readonly string[] _readable =
        ["grpc-status", "grpc-message", "grpc-status-details-bin", "grpc-encoding", "grpc-accept-encoding", "grpc-retry-pushback-ms", "Retry-After",
            "WWW-Authenticate", "Inference-Header-Content-Length"];

    public static Option<string[]> Option()
    {
        var origins = new Option<string[]>("--cors-allow-origin")
        {
            Description = "A web page's origin, such as https://shop.example, whose scripts may call from a browser; * for all. "
                + "May be given several times.",
            HelpName = "ORIGIN",
        };
        origins.Validators.Add(result =>
        {
            foreach (var wrong in result.Tokens.Select(token => token.Value).Where(value => value != Everybody && !IsOrigin(value)))
            {
                result.AddError($"--cors-allow-origin is '{wrong}', expected http[s]://HOST[:PORT] without a path, or *.");
            }
        });
        return origins;
    }

    public static void Add(IServiceCollection services, ServingOptions options) => services.AddCors(cors => cors.AddDefaultPolicy(policy =>
    {
        // Keys travel in a header that a script sets; cookies are not used, so credentials need no leave.
        policy.WithMethods("GET", "HEAD", "POST").AllowAnyHeader().WithExposedHeaders(_readable).SetPreflightMaxAge(_preflightHolds);
        if (options.CorsOrigins.Contains(Everybody))
        {
            policy.AllowAnyOrigin();
        }
        else
        {
            policy.WithOrigins([.. options.CorsOrigins]);
        }
    }));

    /// <summary>Before authorization: a browser asks whether it may call without showing a key.</summary>
    public static void Use(WebApplication application)
    {
        if (application.Services.GetRequiredService<ServingOptions>().CorsOrigins.Count > 0)
        {
            application.UseCors();
        }
    }

    /// <summary>As browsers write them: a name of a host and no path, not even a slash.</summary>
    private static bool IsOrigin(string value) =>
        Uri.TryCreate(value, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
        && uri.GetLeftPart(UriPartial.Authority).Equals(value, StringComparison.OrdinalIgnoreCase) && uri.UserInfo.Length == 0;
}
