using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace LoraOnnx.Deploy.Tests.Image;

/// <summary>An empty base image in a registry of its own, on loopback, for as long as it lives: what <c>-t:PublishContainer</c> asks for.</summary>
internal sealed class BaseImage : IDisposable
{
    private const string Manifest = "application/vnd.docker.distribution.manifest.v2+json";

    private readonly HttpListener _listener = new();
    private readonly Dictionary<string, byte[]> _blobs = [];
    private readonly byte[] _manifest;

    public BaseImage()
    {
        var layer = Gzip(new byte[10240]); // the end of an archive that has nothing in it
        var config = Encoding.UTF8.GetBytes($$"""
            {"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["{{Digest(new byte[10240])}}"]},
            "history":[{"created":"2026-01-01T00:00:00Z"}]}
            """);
        _manifest = Encoding.UTF8.GetBytes($$"""
            {"schemaVersion":2,"mediaType":"{{Manifest}}",
            "config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":{{config.Length}},"digest":"{{Add(config)}}"},
            "layers":[{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip","size":{{layer.Length}},"digest":"{{Add(layer)}}"}]}
            """);
        var port = FreePort();
        Name = $"localhost:{port}/base:1";
        _listener.Prefixes.Add($"http://localhost:{port}/");
        _listener.Start();
        _ = AnswerAsync();
    }

    /// <summary>What <c>ContainerBaseImage</c> gets.</summary>
    public string Name { get; }

    public void Dispose() => _listener.Close();

    private async Task AnswerAsync()
    {
        while (_listener.IsListening)
        {
            try
            {
                var context = await _listener.GetContextAsync();
                var path = context.Request.Url!.AbsolutePath; // a request has one
                var body = path.Contains("/manifests/", StringComparison.Ordinal) ? _manifest
                    : _blobs.GetValueOrDefault(path.Split('/')[^1], "{}"u8.ToArray());
                context.Response.ContentType = body == _manifest ? Manifest : "application/octet-stream";
                context.Response.Headers["Docker-Content-Digest"] = Digest(body);
                context.Response.ContentLength64 = body.Length;
                if (context.Request.HttpMethod != "HEAD")
                {
                    await context.Response.OutputStream.WriteAsync(body);
                }

                context.Response.Close();
            }
            catch (Exception end) when (end is HttpListenerException or ObjectDisposedException)
            {
                // Closed, or a client that tried TLS first.
            }
        }
    }

    private string Add(byte[] blob)
    {
        _blobs[Digest(blob)] = blob;
        return Digest(blob);
    }

    private static string Digest(byte[] blob) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(blob))}";

    private static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
