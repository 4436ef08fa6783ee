using Grpc.Core;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Security;
using LoraOnnx.Serving.Transports.Grpc;
using Microsoft.AspNetCore.Authorization;
using TextEmbeddingsInference;

namespace LoraOnnx.Serving.Protocols.Tei;

/// <summary>tei.v1.Tokenize with the default model's tokenizer; nothing is cut.</summary>
[Authorize(Access.User)]
internal sealed class TeiTokenizeService(TokenizeCalls calls, ServerState state) : Tokenize.TokenizeBase
{
    public override async Task<EncodeResponse> Tokenize(EncodeRequest request, ServerCallContext context)
    {
        if (request.HasPromptName)
        {
            throw CallError.Invalid("prompt_name", "the models of this server have no prompts.").ToRpcException();
        }

        if (TeiTranslation.Empty("inputs", request.Inputs.Length) is { } empty)
        {
            throw empty.ToRpcException();
        }

        var shown = (await calls.TokenizeWholeAsync([new CallInput("inputs", request.Inputs)], "inputs", context.CancellationToken)).OrThrow();
        var response = new EncodeResponse();
        foreach (var token in TeiToken.Of(shown[0], request.Inputs, request.AddSpecialTokens))
        {
            var simple = new SimpleToken { Id = token.Id, Text = token.Text, Special = token.Special };
            if (token is { Start: { } start, Stop: { } stop })
            {
                (simple.Start, simple.Stop) = (start, stop);
            }

            response.Tokens.Add(simple);
        }

        return response;
    }

    public override Task TokenizeStream(
        IAsyncStreamReader<EncodeRequest> requestStream, IServerStreamWriter<EncodeResponse> responseStream, ServerCallContext context) =>
        StreamAsync(requestStream, responseStream, request => Tokenize(request, context), context);

    public override async Task<DecodeResponse> Decode(DecodeRequest request, ServerCallContext context) =>
        TeiTranslation.Empty("ids", request.Ids.Count) is { } empty ? throw empty.ToRpcException()
        : new() { Text = (await calls.DecodeAsync(request.Ids, "ids", request.SkipSpecialTokens, context.CancellationToken)).OrThrow() };

    public override Task DecodeStream(
        IAsyncStreamReader<DecodeRequest> requestStream, IServerStreamWriter<DecodeResponse> responseStream, ServerCallContext context) =>
        StreamAsync(requestStream, responseStream, request => Decode(request, context), context);

    /// <summary>One after the other: an answer may be a hundred times its request.</summary>
    private Task StreamAsync<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requests, IServerStreamWriter<TResponse> responses, Func<TRequest, Task<TResponse>> answer,
            ServerCallContext context) =>
        new OrderedStream<TRequest, TResponse>(requests, responses, context, mostAnswers: 1, state.Stopping).RunAsync(
            (_, _) => ValueTask.FromResult<CallError?>(null),
            async (request, _) =>
            {
                var running = answer(request);
                await ((Task)running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return running;
            });
}
