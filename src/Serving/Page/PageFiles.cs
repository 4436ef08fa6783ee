namespace LoraOnnx.Serving.Page;

/// <summary>The page at / and its files, which are part of the program.</summary>
internal static class PageFiles
{
    /// <summary>Nothing but the page's own files and this server: it works offline and cannot be made to load anything else.</summary>
    private const string ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly (string Path, PageFile File)[] _files =
    [
        ("/", new(Read("page.html"), "text/html; charset=utf-8", ContentSecurityPolicy)),
        ("/page.css", new(Read("page.css"), "text/css; charset=utf-8", ContentSecurityPolicy)),
        ("/page.js", new(Read("page.js"), "text/javascript; charset=utf-8", ContentSecurityPolicy)),
        ("/texts.js", new(Read("texts.js"), "text/javascript; charset=utf-8", ContentSecurityPolicy)),
        ("/favicon.ico", new(Read("icon.svg"), "image/svg+xml", ContentSecurityPolicy)),
    ];

    public static void Map(WebApplication application)
    {
        foreach (var (path, file) in _files)
        {
            Map(application, path, file);
        }
    }

    /// <summary>A file for everybody: pages ask for a key themselves, and their files hold nothing secret.</summary>
    public static void Map(WebApplication application, string path, PageFile file) => application.MapGet(path, (HttpContext context) =>
    {
        context.Response.Headers.ContentSecurityPolicy = file.SecurityPolicy;
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        context.Response.Headers.CacheControl = "no-cache";
        return TypedResults.Bytes(file.Content, file.Type);
    }).ExcludeFromDescription().AllowAnonymous();

    public static byte[] Read(string name)
    {
        using var stream = typeof(PageFiles).Assembly.GetManifestResourceStream($"page/{name}")!; // embedded by the project file
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }
}

/// <summary>A file of a page: its bytes, their type, and what the page may load.</summary>
internal sealed record PageFile(byte[] Content, string Type, string SecurityPolicy);
