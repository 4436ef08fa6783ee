using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Configuration;
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
    /// <summary>A server that is too busy says when to come back (grpc-retry-pushback-ms); within the deadline, it is asked again then.</summary>
    private static readonly RetryPolicy _whenBusy = new()
    {
        MaxAttempts = 5,
        InitialBackoff = TimeSpan.FromMilliseconds(100),
        MaxBackoff = TimeSpan.FromSeconds(2),
        BackoffMultiplier = 2,
        RetryableStatusCodes = { StatusCode.ResourceExhausted },
    };

    private readonly SocketsHttpHandler? _ownHandler;
    private readonly GrpcChannel _channel;
    private readonly Sentiment.SentimentClient _sentiment;
    private readonly Metadata _headers = [];
    private readonly TimeProvider _time;

    /// <param name="address"><c>HOST:PORT</c>, or <c>http://</c> or <c>https://</c> before it.</param>
    /// <param name="options">How to call.</param>
    /// <exception cref="ArgumentException">The address is not one.</exception>
    public SentimentClient(string address, SentimentClientOptions options)
        : this(address, options, TimeProvider.System)
    {
    }

    /// <summary>The same on another clock; a call's own deadline is gRPC's, by the system's.</summary>
    internal SentimentClient(string address, SentimentClientOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(options);
        if (!Uri.TryCreate(address.Contains("://", StringComparison.Ordinal) ? address : $"http://{address}", UriKind.Absolute, out var uri)
            || uri.Scheme is not ("http" or "https") || uri.Host.Length == 0)
        {
            throw new ArgumentException($"'{address}' is not HOST:PORT.", nameof(address));
        }

        Address = address;
        _time = time;
        Timeout = options.Timeout;
        _ownHandler = options.Handler is null ? NewHandler() : null;
        _channel = GrpcChannel.ForAddress(uri, new GrpcChannelOptions
        {
            HttpHandler = options.Handler ?? _ownHandler,
            DisposeHttpClient = false,
            MaxReceiveMessageSize = null,
            ServiceConfig = new ServiceConfig { MethodConfigs = { new MethodConfig { Names = { MethodName.Default }, RetryPolicy = _whenBusy } } },
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

    /// <summary>
    /// Asks several models for one text in one call: heads and adapters of one base share what they can, heads all of the encoding. Answers in the
    /// order of <paramref name="models"/>, each a <c>NAME</c> or <c>NAME@VERSION</c>; all have an answer, or none.
    /// </summary>
    /// <exception cref="ArgumentException">No model is named, or <paramref name="options"/> name one too.</exception>
    /// <exception cref="RpcException">The server cannot be reached, refuses, does not know one of the models, or is too late.</exception>
    public async Task<IReadOnlyList<PredictResponse>> PredictAsync(
        string text, IReadOnlyList<string> models, PredictOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(models);
        var request = Request(text, options);
        if (models.Count == 0 || request.Model.Length > 0 || request.ModelVersion.Length > 0)
        {
            throw new ArgumentException("Name the models here, at least one, and none in the options.", nameof(models));
        }

        request.Models.AddRange(models);
        using var call = _sentiment.PredictAsync(request, Call(cancellationToken));
        return (await call.ResponseAsync.ConfigureAwait(false)).Predictions;
    }

    /// <summary>Says what each word of a text adds to the logit of a class; of none: of the one that the model decides for.</summary>
    /// <exception cref="RpcException">The server cannot be reached, refuses, has no gradient of the model, or is too late.</exception>
    public async Task<ExplainResponse> ExplainAsync(string text, string label, PredictOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        var request = new ExplainRequest
        {
            Text = text,
            Label = label,
            Model = options.Model,
            ModelVersion = options.ModelVersion,
            Truncation = options.Truncation,
            OffsetUnit = OffsetUnit.Utf16,
        };
        using var call = _sentiment.ExplainAsync(request, Call(cancellationToken));
        return await call.ResponseAsync.ConfigureAwait(false);
    }

    /// <summary>Classifies some texts in one call; results in the order of the texts.</summary>
    /// <exception cref="RpcException">The server cannot be reached, refuses the call as a whole, or is too late.</exception>
    public async Task<IReadOnlyList<ItemResult>> PredictBatchAsync(
        IEnumerable<string> texts, PredictOptions options, CancellationToken cancellationToken)
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
    /// Classifies any number of texts over one stream; results in the order of the texts. Texts are taken from <paramref name="texts"/> as fast as
    /// the server reads them, and may pause as long as they like: the deadline bounds only the time for which the server owes an answer.
    /// An exception that <paramref name="texts"/> throws is thrown here, as it is.
    /// </summary>
    /// <exception cref="RpcException">The server cannot be reached, refuses the call as a whole, or owes an answer for too long.</exception>
    public async IAsyncEnumerable<ItemResult> PredictAllAsync(
        IAsyncEnumerable<string> texts, PredictOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var call = _sentiment.PredictStream(new CallOptions(_headers, cancellationToken: ended.Token));
        var progress = new StreamProgress(Timeout, _time);
        var sending = SendAsync(call.RequestStream, texts, options, progress, ended);
        try
        {
            while (await NextAsync(call.ResponseStream, progress, cancellationToken).ConfigureAwait(false))
            {
                yield return call.ResponseStream.Current.Result;
            }

            progress.Failure?.Throw();
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
    public void Dispose()
    {
        _channel.Dispose();
        _ownHandler?.Dispose();
    }

    /// <summary>One connection for all calls, kept while the client lives: what is idle for a minute is not made anew.</summary>
    private static SocketsHttpHandler NewHandler() => new()
    {
        EnableMultipleHttp2Connections = true,
        PooledConnectionIdleTimeout = System.Threading.Timeout.InfiniteTimeSpan,
        KeepAlivePingDelay = TimeSpan.FromSeconds(60),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(30),
    };

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

    /// <summary>Sends all texts. What the texts themselves throw is kept apart; what the connection does is seen where answers are read.</summary>
    private static async Task SendAsync(
        IClientStreamWriter<PredictStreamRequest> writer,
        IAsyncEnumerable<string> texts,
        PredictOptions options,
        StreamProgress progress,
        CancellationTokenSource ended)
    {
        await using var source = texts.GetAsyncEnumerator(ended.Token);
        while (true)
        {
            try
            {
                if (!await source.MoveNextAsync().ConfigureAwait(false))
                {
                    break;
                }
            }
            catch (Exception failure) when (!(failure is OperationCanceledException && ended.IsCancellationRequested))
            {
                progress.Failure = ExceptionDispatchInfo.Capture(failure);
                await ended.CancelAsync().ConfigureAwait(false); // half of the texts are not what the caller asked about
                return;
            }

            progress.Ask();
            await writer.WriteAsync(new PredictStreamRequest { Request = Request(source.Current, options) }, ended.Token).ConfigureAwait(false);
        }

        progress.Ask();
        await writer.CompleteAsync().ConfigureAwait(false);
    }

    /// <summary>The next answer; false when there are no more.</summary>
    private async Task<bool> NextAsync(
        IAsyncStreamReader<PredictStreamResponse> answers,
        StreamProgress progress,
        CancellationToken cancellationToken)
    {
        using var late = progress.Begin();
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        var answered = false;
        try
        {
            // Until the server's first word, a call that may be made again looks at no token: hence the second one.
            answered = await answers.MoveNext(waiting.Token).WaitAsync(waiting.Token).ConfigureAwait(false);
            return answered;
        }
        catch (Exception failure) when (failure is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled })
        {
            progress.Failure?.Throw();
            if (!waiting.IsCancellationRequested || cancellationToken.IsCancellationRequested)
            {
                throw;
            }

            throw new RpcException(new Status(StatusCode.DeadlineExceeded, $"no answer for {Timeout.TotalSeconds:g} seconds."));
        }
        finally
        {
            progress.End(answered);
        }
    }

    private CallOptions Call(CancellationToken cancellationToken) => new(_headers, DateTime.UtcNow + Timeout, cancellationToken);
}
