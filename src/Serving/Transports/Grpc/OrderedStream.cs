using System.Threading.Channels;
using Grpc.Core;
using LoraOnnx.Serving.Admission;
using LoraOnnx.Serving.Calls;

namespace LoraOnnx.Serving.Transports.Grpc;

/// <summary>
/// A bidirectional stream whose answers come in the order of the requests, bounded in what is outstanding; the sender is slowed down from there.
/// </summary>
/// <param name="requests">What the client sends; read only while there is room.</param>
/// <param name="responses">What the client gets; written to by one task.</param>
/// <param name="context">The call.</param>
/// <param name="mostAnswers">Most answers that may be outstanding.</param>
/// <param name="stopping">The server is draining: no more is read, what was read is answered, then the call ends with UNAVAILABLE.</param>
internal sealed class OrderedStream<TRequest, TResponse>(
    IAsyncStreamReader<TRequest> requests, IServerStreamWriter<TResponse> responses, ServerCallContext context, int mostAnswers,
        CancellationToken stopping)
{
    /// <summary>Most bytes of requests that may be outstanding, and one request more.</summary>
    private const long MostBytes = 4 << 20;

    private readonly Channel<(Task<TResponse> Answer, long Bytes)> _answers =
        Channel.CreateBounded<(Task<TResponse>, long)>(new BoundedChannelOptions(mostAnswers) { SingleReader = true, SingleWriter = true });

    private readonly ByteWindow _window = new(MostBytes);
    private readonly RequestLedger? _ledger = context.GetHttpContext().Features.Get<RequestLedger>();
    private readonly IncomingMessages? _incoming = context.GetHttpContext().Features.Get<IncomingMessages>();

    /// <param name="refuse">Asked once, with the first request: why the call is refused, or null.</param>
    /// <param name="start">Comes back when a request has its place in the queue, with the task of its answer.</param>
    public async Task RunAsync(
        Func<TRequest, CancellationToken, ValueTask<CallError?>> refuse, Func<TRequest, CancellationToken, ValueTask<Task<TResponse>>> start)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        var writing = WriteAsync(ended);
        try
        {
            await ReadAsync(refuse, start, ended.Token);
        }
        finally
        {
            _answers.Writer.TryComplete();
            await writing;
        }

        if (stopping.IsCancellationRequested)
        {
            throw CallError.ShuttingDown.ToRpcException();
        }
    }

    private async Task ReadAsync(
        Func<TRequest, CancellationToken, ValueTask<CallError?>> refuse, Func<TRequest, CancellationToken, ValueTask<Task<TResponse>>> start,
            CancellationToken ended)
    {
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(stopping, ended);
        var isFirst = true;
        while (await NextAsync(reading.Token))
        {
            if (isFirst && await refuse(requests.Current, ended) is { } refusal)
            {
                throw refusal.ToRpcException();
            }

            isFirst = false;
            var bytes = _incoming?.TakeOver() ?? 0;
            _window.Add(bytes);
            await _answers.Writer.WriteAsync((await start(requests.Current, ended), bytes), ended);
        }
    }

    /// <summary>False at the end of the stream or when the server is draining.</summary>
    private async Task<bool> NextAsync(CancellationToken reading)
    {
        try
        {
            await _window.WaitAsync(reading);
            return !stopping.IsCancellationRequested && await requests.MoveNext(reading);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task WriteAsync(CancellationTokenSource ended)
    {
        try
        {
            await foreach (var (answer, bytes) in _answers.Reader.ReadAllAsync(ended.Token))
            {
                await responses.WriteAsync(await answer, ended.Token);
                _window.Return(bytes);
                _ledger?.Return(bytes);
            }
        }
        catch
        {
            // The reader may be waiting for room: it must not wait for ever.
            await ended.CancelAsync();
            throw;
        }
    }
}

/// <summary>How many answers of a stream may be outstanding.</summary>
internal static class StreamWindow
{
    /// <summary>Where a request is a text and its answer small.</summary>
    public const int Texts = 256;

    /// <summary>Where both may be large.</summary>
    public const int Large = 16;
}
