using System.Threading.Channels;
using Grpc.Core;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Protocols.Grpc;

namespace LoraOnnx.Serving.Protocols;

/// <summary>A bidirectional stream whose answers come in the order of the requests, with a bounded number of them outstanding.</summary>
internal static class OrderedStream
{
    /// <summary>Most answers of one stream that may be outstanding; the sender is slowed down from there.</summary>
    public const int Window = 256;

    /// <param name="requests">What the client sends; read only while there is room.</param>
    /// <param name="responses">What the client gets; written to by one task.</param>
    /// <param name="admit">Asked once, with the first request; throws to refuse the call.</param>
    /// <param name="start">Comes back when a request has its place in the queue, with the task of its answer.</param>
    /// <param name="stopping">The server is draining: no more is read, what was read is answered, then the call ends with UNAVAILABLE.</param>
    /// <param name="cancellationToken">The client is gone.</param>
    public static async Task RunAsync<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requests,
        IServerStreamWriter<TResponse> responses,
        Func<TRequest, Task> admit,
        Func<TRequest, CancellationToken, Task<Task<TResponse>>> start,
        CancellationToken stopping,
        CancellationToken cancellationToken)
    {
        var answers = Channel.CreateBounded<Task<TResponse>>(new BoundedChannelOptions(Window) { SingleReader = true, SingleWriter = true });
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var writing = WriteAsync(answers.Reader, responses, ended);
        try
        {
            await ReadAsync(requests, answers.Writer, admit, start, stopping, ended.Token);
        }
        finally
        {
            answers.Writer.TryComplete();
            await writing;
        }

        if (stopping.IsCancellationRequested)
        {
            throw new CallError(ErrorKind.Unavailable, "the server is shutting down; go on with another one.").ToRpcException();
        }
    }

    private static async Task ReadAsync<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requests,
        ChannelWriter<Task<TResponse>> answers,
        Func<TRequest, Task> admit,
        Func<TRequest, CancellationToken, Task<Task<TResponse>>> start,
        CancellationToken stopping,
        CancellationToken ended)
    {
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(stopping, ended);
        var admitted = false;
        while (await NextAsync(requests, reading.Token, stopping))
        {
            if (!admitted)
            {
                await admit(requests.Current);
                admitted = true;
            }

            await answers.WriteAsync(await start(requests.Current, ended), ended);
        }
    }

    /// <summary>False at the end of the stream or when the server is draining.</summary>
    private static async Task<bool> NextAsync<TRequest>(IAsyncStreamReader<TRequest> requests, CancellationToken reading, CancellationToken stopping)
    {
        try
        {
            return !stopping.IsCancellationRequested && await requests.MoveNext(reading);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return false;
        }
    }

    private static async Task WriteAsync<TResponse>(ChannelReader<Task<TResponse>> answers, IServerStreamWriter<TResponse> responses, CancellationTokenSource ended)
    {
        try
        {
            await foreach (var answer in answers.ReadAllAsync(ended.Token))
            {
                await responses.WriteAsync(await answer, ended.Token);
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
