using System.IO.Compression;
using Scalar.AspNetCore;

namespace LoraOnnx.Serving.Page;

/// <summary>The reference of the REST calls at /docs: Scalar's script, which is part of the program, over the server's own document.</summary>
internal static class ReferencePage
{
    /// <summary>Scalar sets styles as it goes; scripts, fonts and calls come from this server only, so it works offline.</summary>
    private const string ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        + "font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly byte[] _packedScript = Script();

    public static void Map(WebApplication application)
    {
        PageFiles.Map(application, "/docs", new(PageFiles.Read("docs.html"), "text/html; charset=utf-8", ContentSecurityPolicy));
        PageFiles.Map(application, "/docs.js", new(PageFiles.Read("docs.js"), "text/javascript; charset=utf-8", ContentSecurityPolicy));
        application.MapGet("/scalar.js", (HttpContext context) =>
        {
            context.Response.Headers.XContentTypeOptions = "nosniff";
            context.Response.Headers.CacheControl = "no-cache";
            context.Response.Headers.Vary = "Accept-Encoding";
            var packed = new MemoryStream(_packedScript, writable: false);
            if (!context.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase))
            {
                return TypedResults.Stream(new GZipStream(packed, CompressionMode.Decompress), "text/javascript; charset=utf-8");
            }

            context.Response.Headers.ContentEncoding = "gzip";
            return TypedResults.Stream(packed, "text/javascript; charset=utf-8");
        }).ExcludeFromDescription().AllowAnonymous();
    }

    /// <summary>As it lies in its package, packed.</summary>
    private static byte[] Script()
    {
        using var stream = typeof(ScalarOptions).Assembly.GetManifestResourceStream("ScalarStaticAssets.scalar.js")!; // a test opens the page
        var packed = new byte[stream.Length];
        stream.ReadExactly(packed);
        return packed;
    }
}
