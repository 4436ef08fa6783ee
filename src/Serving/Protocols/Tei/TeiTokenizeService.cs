using Grpc.Core;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Protocols.Grpc;
using LoraOnnx.Serving.Security;
using Microsoft.AspNetCore.Authorization;
using TextEmbeddingsInference;

namespace LoraOnnx.Serving.Protocols.Tei;

/// <summary>tei.v1.Tokenize with the default model's tokenizer; nothing is cut.</summary>
[Authorize(Access.User)]
internal sealed class TeiTokenizeService(SentimentCalls calls, RequestChecks checks, ServerState state) : Tokenize.TokenizeBase
{
    public override async Task<EncodeResponse> Tokenize(EncodeRequest request, ServerCallContext context)
    {
        if (request.HasPromptName)
        {
            throw CallError.Invalid("prompt_name", "the models of this server have no prompts.").ToRpcException();
        }

        if (checks.TextError(request.Inputs, "inputs") is { } tooLong)
        {
            throw tooLong.ToRpcException();
        }

        using var lease = await calls.AcquireAsync("", "", context.CancellationToken);
        return TeiTranslation.Tokens(request, lease.Model);
    }

    public override Task TokenizeStream(IAsyncStreamReader<EncodeRequest> requestStream, IServerStreamWriter<EncodeResponse> responseStream, ServerCallContext context) =>
        StreamAsync(requestStream, responseStream, request => Tokenize(request, context), context);

    public override async Task<DecodeResponse> Decode(DecodeRequest request, ServerCallContext context)
    {
        using var lease = await calls.AcquireAsync("", "", context.CancellationToken);
        var tokenizer = lease.Model.Tokenizer;
        var unknown = request.Ids.FirstOrDefault(id => id >= tokenizer.VocabularySize);
        if (unknown > 0)
        {
            throw CallError.Invalid("ids", $"{unknown} is not in the vocabulary of {tokenizer.VocabularySize}.").ToRpcException();
        }

        var ids = request.Ids.Select(id => (int)id)
            .Where(id => !request.SkipSpecialTokens || (id != tokenizer.ClsTokenId && id != tokenizer.SepTokenId && id != tokenizer.PadTokenId));
        return new DecodeResponse { Text = tokenizer.Decode(ids) };
    }

    public override Task DecodeStream(IAsyncStreamReader<DecodeRequest> requestStream, IServerStreamWriter<DecodeResponse> responseStream, ServerCallContext context) =>
        StreamAsync(requestStream, responseStream, request => Decode(request, context), context);

    private Task StreamAsync<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requests, IServerStreamWriter<TResponse> responses, Func<TRequest, Task<TResponse>> answer, ServerCallContext context) =>
        OrderedStream.RunAsync(requests, responses, _ => Task.CompletedTask, (request, _) => Task.FromResult(answer(request)), state.Stopping, context.CancellationToken);
}
