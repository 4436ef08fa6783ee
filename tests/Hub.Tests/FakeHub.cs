using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace LoraOnnx.Hub.Tests;

/// <summary>What a test asked of the hub or its store.</summary>
internal sealed record HubRequest(string Server, string Method, string Path, string? Authorization, string? Range);

/// <summary>
/// A small Hugging Face hub on this machine: <c>/ID/resolve/REVISION/FILE</c> with X-Repo-Commit, ETag and X-Linked-Etag, large files behind a
/// redirect to a store on another port, ranges, and <c>/api/datasets/ID/revision/REVISION</c>.
/// </summary>
internal sealed class FakeHub : IAsyncDisposable
{
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";
    private readonly ConcurrentDictionary<string, byte[]> _files = new(StringComparer.Ordinal);
    private readonly WebApplication _hub;
    private readonly WebApplication _store;

    private FakeHub(WebApplication hub, WebApplication store)
    {
        _hub = hub;
        _store = store;
    }

    public Uri Endpoint => new(_hub.Urls.First());

    public ConcurrentQueue<HubRequest> Requests { get; } = new();

    /// <summary>Files with this many bytes or more lie in the store.</summary>
    public int LargeFrom { get; set; } = 10_000;

    /// <summary>The store closes the connection after so many bytes of an answer, as often as <see cref="Cuts"/> says.</summary>
    public int CutAfter { get; set; } = int.MaxValue;

    public int Cuts { get; set; }

    /// <summary>The store knows nothing but whole files.</summary>
    public bool RefusesRanges { get; set; }

    /// <summary>The first answers of the hub that fail with 503.</summary>
    public int Failures { get; set; }

    /// <summary>The store gives other bytes than were promised.</summary>
    public bool IsCorrupt { get; set; }

    /// <summary>The store answers so slowly that a test can act in between.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Lists files under <c>/api/datasets/ID</c> only, without error codes, as some mirrors do.</summary>
    public bool IsMirror { get; set; }

    /// <summary>The status with which the hub refuses everything, and its X-Error-Code.</summary>
    public (int Status, string? Code)? Refusal { get; set; }

    /// <summary>The size that is declared for large files, in place of theirs.</summary>
    public long? DeclaredSize { get; set; }

    /// <summary>The commit that is said of every file.</summary>
    public string SaidCommit { get; set; } = Commit;

    /// <summary>Where the hub sends everybody who asks for a file.</summary>
    public string? Redirect { get; set; }

    /// <summary>What is listed besides the files there are.</summary>
    public IReadOnlyList<string> ListedOnly { get; set; } = [];

    public int Downloads => Requests.Count(request => request is { Server: "store", Method: "GET" });

    public static async Task<FakeHub> StartAsync()
    {
        var fake = new FakeHub(Create(), Create());
        fake._hub.Run(fake.AnswerAsync);
        fake._store.Run(fake.AnswerFromStoreAsync);
        await fake._hub.StartAsync();
        await fake._store.StartAsync();
        return fake;
    }

    /// <summary>Puts a file into <c>ID</c> (or <c>datasets/ID</c>) at main, or at another revision.</summary>
    public void Add(string repository, string name, byte[] content, string revision = "main") => _files[$"{repository}@{revision}/{name}"] = content;

    public void Add(string repository, string name, string content) => Add(repository, name, Encoding.UTF8.GetBytes(content));

    public void AddFolder(string repository, string folder)
    {
        foreach (var file in Directory.GetFiles(folder))
        {
            Add(repository, Path.GetFileName(file), File.ReadAllBytes(file));
        }
    }

    /// <summary>What git calls a file.</summary>
#pragma warning disable CA5350 // git names files by SHA-1
    public static string GitHash(byte[] content) =>
        Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]));
#pragma warning restore CA5350

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        await _store.DisposeAsync();
    }

    private static WebApplication Create()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0));
        return builder.Build();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        Note("hub", context);
        if (Failures-- > 0)
        {
            context.Response.StatusCode = 503;
            return;
        }

        if (Refusal is { } refusal)
        {
            context.Response.StatusCode = refusal.Status;
            SetError(context, refusal.Code);
            return;
        }

        var path = Uri.UnescapeDataString(context.Request.Path.Value!.TrimStart('/')); // a request has a path
        if (path.StartsWith("api/", StringComparison.Ordinal))
        {
            await ListAsync(context, path[4..]);
            return;
        }

        var parts = path.Split("/resolve/");
        var found = parts.Length == 2
            ? _files.FirstOrDefault(file => file.Key.StartsWith($"{parts[0]}@", StringComparison.Ordinal)
                && parts[1] == file.Key[(parts[0].Length + 1)..])
            : default;
        if (found.Value is null)
        {
            context.Response.StatusCode = 404;
            SetError(context, _files.Keys.Any(key => key.StartsWith($"{parts[0]}@", StringComparison.Ordinal)) ? "EntryNotFound" : "RepoNotFound");
            return;
        }

        context.Response.Headers["X-Repo-Commit"] = SaidCommit;
        if (Redirect is not null)
        {
            context.Response.StatusCode = 302;
            context.Response.Headers.Location = Redirect;
            return;
        }

        if (found.Value.Length < LargeFrom)
        {
            context.Response.Headers.ETag = $"\"{GitHash(found.Value)}\"";
            await SendAsync(context, found.Value);
            return;
        }

        var hash = Convert.ToHexStringLower(SHA256.HashData(found.Value));
        context.Response.StatusCode = 302;
        context.Response.Headers["X-Linked-Etag"] = $"\"{hash}\"";
        context.Response.Headers["X-Linked-Size"] = $"{DeclaredSize ?? found.Value.Length}";
        context.Response.Headers.Location = $"{_store.Urls.First()}/{hash}?signature=x";
    }

    private async Task ListAsync(HttpContext context, string path)
    {
        if (IsMirror == path.Contains("/revision/", StringComparison.Ordinal))
        {
            context.Response.StatusCode = 404;
            return;
        }

        // datasets/ID/revision/REVISION
        var parts = IsMirror ? [path, "main"] : path.Split("/revision/");
        var prefix = parts.Length == 2 ? $"{parts[0]}@{parts[1]}/" : "-";
        var names = _files.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal)).Select(key => key[prefix.Length..])
            .Order(StringComparer.Ordinal).ToList();
        if (names.Count == 0)
        {
            context.Response.StatusCode = 404;
            SetError(context, _files.Keys.Any(key => key.StartsWith($"{parts[0]}@", StringComparison.Ordinal)) ? "RevisionNotFound" : "RepoNotFound");
            return;
        }

        await context.Response.WriteAsync(
            JsonSerializer.Serialize(new { sha = Commit, siblings = names.Concat(ListedOnly).Select(name => new { rfilename = name }) }));
    }

    private async Task AnswerFromStoreAsync(HttpContext context)
    {
        Note("store", context);
        if (context.Request.Headers.Authorization.Count > 0)
        {
            context.Response.StatusCode = 400; // as S3 does with a second way of authorization
            return;
        }

        var hash = context.Request.Path.Value!.TrimStart('/'); // a request has a path
        var content = _files.Values.First(file => Convert.ToHexStringLower(SHA256.HashData(file)) == hash);
        await Task.Delay(Delay, context.RequestAborted);
        await SendAsync(context, IsCorrupt ? [.. content.Reverse()] : content);
    }

    private async Task SendAsync(HttpContext context, byte[] content)
    {
        var from = 0;
        if (context.Request.Headers.Range.FirstOrDefault() is { } range)
        {
            from = RefusesRanges ? content.Length : int.Parse(range["bytes=".Length..^1], System.Globalization.CultureInfo.InvariantCulture);
            context.Response.StatusCode = from < content.Length ? 206 : 416;
            context.Response.Headers.ContentRange = from < content.Length
                ? $"bytes {from}-{content.Length - 1}/{content.Length}"
                : $"bytes */{content.Length}";
            from = Math.Min(from, content.Length);
        }

        context.Response.ContentLength = content.Length - from;
        if (HttpMethods.IsHead(context.Request.Method))
        {
            return;
        }

        var isCut = Cuts > 0 && content.Length >= LargeFrom && content.Length - from > CutAfter;
        await context.Response.Body.WriteAsync(content.AsMemory(from, isCut ? CutAfter : content.Length - from));
        if (isCut)
        {
            Cuts--;
            await context.Response.Body.FlushAsync();
            context.Abort();
        }
    }

    private static void SetError(HttpContext context, string? code)
    {
        if (code is not null)
        {
            context.Response.Headers["X-Error-Code"] = code;
        }
    }

    private void Note(string server, HttpContext context) =>
        Requests.Enqueue(new HubRequest(server, context.Request.Method, context.Request.Path.Value ?? "",
        context.Request.Headers.Authorization.FirstOrDefault(), context.Request.Headers.Range.FirstOrDefault()));
}
