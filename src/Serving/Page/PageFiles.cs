using System.Collections.Frozen;

namespace LoraOnnx.Serving.Page;

/// <summary>The page at / and its files, which are part of the program.</summary>
internal static class PageFiles
{
    /// <summary>Nothing but the page's own files and this server: it works offline and cannot be made to load anything else.</summary>
    private const string ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly FrozenDictionary<string, (byte[] Content, string Type)> _files = new Dictionary<string, (byte[], string)>
    {
        ["/"] = (Read("page.html"), "text/html; charset=utf-8"),
        ["/page.css"] = (Read("page.css"), "text/css; charset=utf-8"),
        ["/page.js"] = (Read("page.js"), "text/javascript; charset=utf-8"),
        ["/favicon.ico"] = (Read("icon.svg"), "image/svg+xml"),
    }.ToFrozenDictionary();

    public static void Map(WebApplication application)
    {
        foreach (var (path, (content, type)) in _files)
        {
            application.MapGet(path, (HttpContext context) =>
            {
                context.Response.Headers.ContentSecurityPolicy = ContentSecurityPolicy;
                context.Response.Headers.XContentTypeOptions = "nosniff";
                context.Response.Headers["Referrer-Policy"] = "no-referrer";
                context.Response.Headers.CacheControl = "no-cache";
                return TypedResults.Bytes(content, type);
            }).ExcludeFromDescription().AllowAnonymous(); // the page asks for a key itself; its files hold nothing secret
        }
    }

    private static byte[] Read(string name)
    {
        using var stream = typeof(PageFiles).Assembly.GetManifestResourceStream($"page/{name}")!; // embedded by the project file
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }
}
