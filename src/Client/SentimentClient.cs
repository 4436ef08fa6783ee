using System.Runtime.CompilerServices;
using Grpc.Core;
using Grpc.Net.Client;
using LoraOnnx.V1;

namespace LoraOnnx.Client;

/// <summary>Asks a lora-serve: texts in, results out. One connection, shared by any number of threads.</summary>
/// <example><code>
/// using var client = new SentimentClient("127.0.0.1:50051");
/// var answer = await client.PredictAsync("A slow start, but the last act is wonderful.", PredictOptions.Default, CancellationToken.None);
/// Console.WriteLine($"{answer.Label} {answer.Score:p1}");
/// </code></example>
public sealed class SentimentClient : IDisposable
{
    private readonly GrpcChannel _channel;
    private readonly Sentiment.SentimentClient _sentiment;
    private readonly Metadata _headers = [];

    /// <param name="address"><c>HOST:PORT</c>, or <c>http://</c> or <c>https://</c> before it.</param>
    /// <param name="options">How to call.</param>
    /// <exception cref="ArgumentException">The address is not one.</exception>
    public SentimentClient(string address, SentimentClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(options);
        if (!Uri.TryCreate(address.Contains("://", StringComparison.Ordinal) ? address : $"http://{address}", UriKind.Absolute, out var uri)
            || uri.Scheme is not ("http" or "https") || uri.Host.Length == 0)
        {
            throw new ArgumentException($"'{address}' is not HOST:PORT.", nameof(address));
        }

        Address = address;
        Timeout = options.Timeout;
        _channel = GrpcChannel.ForAddress(uri, new GrpcChannelOptions
        {
            HttpHandler = options.Handler,
            DisposeHttpClient = false,
            MaxReceiveMessageSize = null,
        });
        _sentiment = new Sentiment.SentimentClient(_channel);
        if (options.ApiKey is { Length: > 0 } key)
        {
            _headers.Add("authorization", $"Bearer {key}");
        }
    }

    /// <summary>A client with the default options.</summary>
    public SentimentClient(string address)
        : this(address, new SentimentClientOptions())
    {
    }

    /// <summary>The address as it was given.</summary>
    public string Address { get; }

    /// <summary>Deadline of a call.</summary>
    public TimeSpan Timeout { get; }

    /// <summary>Classifies one text.</summary>
    /// <exception cref="RpcException">The server cannot be reached, refuses, or is too late.</exception>
    public async Task<PredictResponse> PredictAsync(string text, PredictOptions options, CancellationToken cancellationToken)
    {
        using var call = _sentiment.PredictAsync(Request(text, options), Call(cancellationToken));
        return await call.ResponseAsync.ConfigureAwait(false);
    }

    /// <summary>Classifies some texts in one call; results in the order of the texts.</summary>
    /// <exception cref="RpcException">The server cannot be reached, refuses the call as a whole, or is too late.</exception>
    public async Task<IReadOnlyList<ItemResult>> PredictBatchAsync(IEnumerable<string> texts, PredictOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        var request = new PredictBatchRequest
        {
            Texts = { texts },
            Model = options.Model,
            ModelVersion = options.ModelVersion,
            Truncation = options.Truncation,
            IncludeLogits = options.IncludeLogits,
        };
        using var call = _sentiment.PredictBatchAsync(request, Call(cancellationToken));
        return (await call.ResponseAsync.ConfigureAwait(false)).Results;
    }

    /// <summary>
    /// Classifies any number of texts over one stream; results in the order of the texts. Texts are taken from <paramref name="texts"/> as fast as the
    /// server reads them. The deadline does not bound the stream, which may be long: cancel it instead.
    /// </summary>
    /// <exception cref="RpcException">The server cannot be reached or refuses the call as a whole.</exception>
    public async IAsyncEnumerable<ItemResult> PredictAllAsync(
        IAsyncEnumerable<string> texts, PredictOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var call = _sentiment.PredictStream(new CallOptions(_headers, cancellationToken: ended.Token));
        var sending = SendAsync(call.RequestStream, texts, options, ended.Token);
        try
        {
            while (await NextAsync(call.ResponseStream, cancellationToken).ConfigureAwait(false))
            {
                yield return call.ResponseStream.Current.Result;
            }
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Lists the models that can be named.</summary>
    /// <exception cref="RpcException">The server cannot be reached, refuses, or is too late.</exception>
    public async Task<IReadOnlyList<ModelSummary>> ListModelsAsync(CancellationToken cancellationToken)
    {
        using var call = _sentiment.ListModelsAsync(new ListModelsRequest(), Call(cancellationToken));
        return (await call.ResponseAsync.ConfigureAwait(false)).Models;
    }

    /// <inheritdoc/>
    public void Dispose() => _channel.Dispose();

    private static PredictRequest Request(string text, PredictOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new PredictRequest
        {
            Text = text,
            Model = options.Model,
            ModelVersion = options.ModelVersion,
            Truncation = options.Truncation,
            IncludeLogits = options.IncludeLogits,
        };
    }

    private static async Task SendAsync(IClientStreamWriter<PredictStreamRequest> writer, IAsyncEnumerable<string> texts, PredictOptions options, CancellationToken cancellationToken)
    {
        await foreach (var text in texts.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            await writer.WriteAsync(new PredictStreamRequest { Request = Request(text, options) }, cancellationToken).ConfigureAwait(false);
        }

        await writer.CompleteAsync().ConfigureAwait(false);
    }

    /// <summary>The next answer, which may take no longer than the deadline of a call.</summary>
    private async Task<bool> NextAsync(IAsyncStreamReader<PredictStreamResponse> answers, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Timeout);
        try
        {
            return await answers.MoveNext(patience.Token).ConfigureAwait(false);
        }
        catch (Exception late) when (late is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled } && patience.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.DeadlineExceeded, $"no answer for {Timeout.TotalSeconds:g} seconds."));
        }
    }

    private CallOptions Call(CancellationToken cancellationToken) => new(_headers, DateTime.UtcNow + Timeout, cancellationToken);
}
