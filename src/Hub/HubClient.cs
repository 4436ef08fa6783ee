using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace LoraOnnx.Hub;

/// <summary>What the hub says of a file before it is fetched.</summary>
/// <param name="Commit">The commit that the revision stands for.</param>
/// <param name="Etag">SHA-256 of a large file, git's SHA-1 of a small one; names the file in the cache.</param>
/// <param name="Size">Bytes, or null where it is not said.</param>
public sealed record HubFile(string Commit, string Etag, long? Size);

/// <summary>
/// Asks the hub: synchronously, since nothing else can be done meanwhile. Redirects are followed by hand: the token goes to the hub alone, never to
/// the store that it redirects to.
/// </summary>
public sealed class HubClient : IDisposable
{
    private const int MaxRedirects = 10;
    private const int Attempts = 3;
    private static readonly TimeSpan _silence = TimeSpan.FromSeconds(30);
    private readonly HubSettings _settings;
    private readonly HttpClient _http;

    public HubClient(HubSettings settings)
    {
        _settings = settings;
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            ConnectCallback = async (context, cancellationToken) =>
            {
                // A server that falls silent in the middle of a file is a broken connection.
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = (int)_silence.TotalMilliseconds };
                try
                {
                    await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };
        _http = new HttpClient(handler) { Timeout = _silence };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("lora-onnx", ToolVersion.Text));
    }

    /// <summary>Asks for a file's identity; null when the repository has no such file.</summary>
    /// <exception cref="InputException">The hub refuses.</exception>
    /// <exception cref="HubUnreachableException">The hub does not answer.</exception>
    public HubFile? Describe(HubRepository repository, string file, CancellationToken cancellationToken)
    {
        // Only redirects inside the hub (a renamed repository) are followed: the answer that points to the store has the headers.
        using var response = Send(HttpMethod.Head, Address(repository.PathOf(file)), 0, isFollowed: IsHub, cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound && Header(response, "X-Error-Code") is null or "EntryNotFound")
        {
            return null;
        }

        if (!response.IsSuccessStatusCode && !IsRedirect(response))
        {
            throw HubErrors.Of(response, repository, _settings);
        }

        var commit = Header(response, "X-Repo-Commit");
        var etag = (Header(response, "X-Linked-Etag") ?? Header(response, "ETag"))?.Replace("W/", "", StringComparison.Ordinal).Trim('"');
        if (commit is null || etag is null || !HubRepository.IsCommit(commit) || !IsFileName(etag))
        {
            throw new InputException(
                $"{_settings.Endpoint} does not answer as the Hugging Face hub does: X-Repo-Commit or ETag of {repository.Id}/{file} is missing or "
                    + "none.",
                "check HF_ENDPOINT.");
        }

        var size = long.TryParse(Header(response, "X-Linked-Size"), NumberStyles.None, CultureInfo.InvariantCulture, out var linked)
            ? linked
            : IsRedirect(response) ? null : response.Content.Headers.ContentLength;
        return new HubFile(commit, etag, size);
    }

    /// <summary>Starts to fetch a file from byte <paramref name="from"/> on; the caller disposes the answer and looks at its status.</summary>
    /// <exception cref="HubUnreachableException">The hub or its store does not answer.</exception>
    public HttpResponseMessage Fetch(HubRepository repository, string file, long from, CancellationToken cancellationToken) =>
        Send(HttpMethod.Get, Address(repository.PathOf(file)), from, isFollowed: _ => true, cancellationToken);

    /// <summary>The answer to an address below the hub's.</summary>
    /// <exception cref="HubUnreachableException">The hub does not answer.</exception>
    public HttpResponseMessage Get(string path, CancellationToken cancellationToken) =>
        Send(HttpMethod.Get, Address(path), 0, isFollowed: _ => true, cancellationToken);

    public void Dispose() => _http.Dispose();

    /// <summary>A header of an answer, or null.</summary>
    public static string? Header(HttpResponseMessage response, string name) => response.Headers.TryGetValues(name, out var values)
        ? values.First()
        : null;

    private static bool IsFileName(string text) =>
        text.Length is > 0 and <= 128 && text.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_');

    private static bool IsRedirect(HttpResponseMessage response) => (int)response.StatusCode is 301 or 302 or 303 or 307 or 308;

    private Uri Address(string path) => new($"{_settings.Endpoint.AbsoluteUri.TrimEnd('/')}/{path}");

    private HttpResponseMessage Send(HttpMethod method, Uri address, long from, Func<Uri, bool> isFollowed, CancellationToken cancellationToken)
    {
        for (var redirects = 0; redirects <= MaxRedirects; redirects++)
        {
            var response = SendOnce(method, address, from, cancellationToken);
            if (!IsRedirect(response) || response.Headers.Location is not { } location || new Uri(address, location) is var next && !isFollowed(next))
            {
                return response;
            }

            response.Dispose();
            if (next.Scheme != address.Scheme && next.Scheme != Uri.UriSchemeHttps)
            {
                throw new InputException($"{address} redirects to {next.Scheme}://{next.Host}, which is not encrypted.");
            }

            address = next;
        }

        throw new InputException($"{address} redirects more than {MaxRedirects} times.");
    }

    /// <summary>One request; tried again a few times when the connection or the server fails.</summary>
    private HttpResponseMessage SendOnce(HttpMethod method, Uri address, long from, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var request = new HttpRequestMessage(method, address);
            request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
            request.Headers.Range = from > 0 ? new RangeHeaderValue(from, null) : null;
            request.Headers.Authorization = _settings.Token is { } token && IsHub(address) ? new AuthenticationHeaderValue("Bearer", token) : null;
            try
            {
                var response = _http.Send(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
                if ((int)response.StatusCode is not (429 or >= 500))
                {
                    return response;
                }

                var status = $"{(int)response.StatusCode} {response.ReasonPhrase}";
                response.Dispose();
                if (attempt == Attempts)
                {
                    throw new HubUnreachableException($"{address.Host} answers {status}.");
                }
            }
            catch (HttpRequestException failure)
            {
                if (attempt == Attempts)
                {
                    throw new HubUnreachableException(
                        $"{address.Host} cannot be reached: {(failure.InnerException ?? failure).Message.TrimEnd('.')}.", failure);
                }
            }
            catch (OperationCanceledException failure) when (!cancellationToken.IsCancellationRequested)
            {
                throw new HubUnreachableException($"{address.Host} does not answer within {_silence.TotalSeconds:0} s.", failure);
            }

            cancellationToken.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(300 * attempt * attempt));
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private bool IsHub(Uri address) =>
        address.Scheme == _settings.Endpoint.Scheme && address.Host == _settings.Endpoint.Host && address.Port == _settings.Endpoint.Port;
}
