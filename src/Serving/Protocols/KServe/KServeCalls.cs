using Grpc.Core;
using LoraOnnx.Serving.Batching;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Models;
using LoraOnnx.Serving.Protocols.Grpc;
using TritonInference;

namespace LoraOnnx.Serving.Protocols.KServe;

/// <summary>ModelInfer of KServe v2 apart from its transport: gRPC and REST share it. Errors are <see cref="RpcException"/>s in both.</summary>
internal sealed class KServeCalls(SentimentCalls sentiment, RequestChecks checks, ServingOptions options, TimeProvider time)
{
    /// <summary>Of a request: microseconds that it may take, as a deadline (Triton's schedule policy extension).</summary>
    private const string TimeoutParameter = "timeout";

    /// <summary>Classifies the rows of a request; one that is wrong or refused fails the call, which has no place for errors of rows.</summary>
    public async Task<ModelInferResponse> InferAsync(ModelInferRequest request, DateTime deadline, CancellationToken cancellationToken)
    {
        using var lease = await sentiment.AcquireAsync(request.ModelName, request.ModelVersion, cancellationToken);
        var model = lease.Model;
        var outputs = new KServeOutputs(request, model);
        var inputs = KServeInputs.Read(request, model, options);
        foreach (var text in inputs.Texts ?? [])
        {
            if (checks.TextError(text, "inputs[0]") is { } tooLong)
            {
                throw tooLong.ToRpcException();
            }
        }

        var expiresAt = Math.Min(CallDeadline.Timestamp(deadline, time), TimeoutOf(request));
        var outcomes = inputs.Count == 1
            ? [await ClassifyOneAsync(model, inputs, expiresAt, cancellationToken)]
            : await ClassifyAllAsync(model, inputs, expiresAt, cancellationToken);
        return Array.Find(outcomes, outcome => outcome.Refusal is not null).Refusal is { } refusal
            ? throw sentiment.ErrorFor(model, refusal, "inputs").ToRpcException()
            : outputs.Write(request.Id, [.. outcomes.Select(outcome => outcome.Classification!)]); // set where there is no refusal
    }

    private static ValueTask<Outcome> ClassifyOneAsync(ServedModel model, KServeInputs inputs, long expiresAt, CancellationToken cancellationToken) => inputs.Texts is [var text]
        ? model.ClassifyAsync(Request(text, expiresAt), cancellationToken)
        : model.ClassifyIdsAsync(inputs.Ids![0], expiresAt, cancellationToken); // ids where there are no texts

    private static async Task<Outcome[]> ClassifyAllAsync(ServedModel model, KServeInputs inputs, long expiresAt, CancellationToken cancellationToken)
    {
        var tokens = inputs.Texts is { } known ? model.EstimateTokens(known.Length, known.Sum(text => (long)text.Length)) : inputs.Ids!.Sum(ids => (long)ids.Ids.Length); // as above
        if (model.CheckBulk(tokens, expiresAt) is { } refusal)
        {
            return [refusal];
        }

        var running = new List<Task<Outcome>>(inputs.Count);
        try
        {
            for (var i = 0; i < inputs.Count; i++)
            {
                var started = inputs.Texts is { } texts
                    ? await model.StartBulkAsync(Request(texts[i], expiresAt), cancellationToken)
                    : await model.StartBulkIdsAsync(inputs.Ids![i], expiresAt, cancellationToken); // as above
                running.Add(model.FinishAsync(started, cancellationToken).AsTask());
            }
        }
        finally
        {
            // The lease must outlive every row, also when the caller gives up halfway.
            await ((Task)Task.WhenAll(running)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return await Task.WhenAll(running);
    }

    private static TextRequest Request(string text, long expiresAt) => new(text, Truncation: null, MayCut: true, expiresAt);

    private long TimeoutOf(ModelInferRequest request)
    {
        if (!request.Parameters.TryGetValue(TimeoutParameter, out var parameter))
        {
            return long.MaxValue;
        }

        var microseconds = parameter.ParameterChoiceCase switch
        {
            InferParameter.ParameterChoiceOneofCase.Int64Param => parameter.Int64Param,
            InferParameter.ParameterChoiceOneofCase.Uint64Param => (long)Math.Min(parameter.Uint64Param, long.MaxValue),
            _ => -1,
        };
        return microseconds < 0 ? throw CallError.Invalid("parameters", $"'{TimeoutParameter}' is a number of microseconds, an int64 of at least 0; 0 for none.").ToRpcException()
            : microseconds == 0 ? long.MaxValue
            : CallDeadline.Timestamp(time.GetUtcNow().UtcDateTime.AddMicroseconds(Math.Min(microseconds, TimeSpan.FromDays(2).TotalMicroseconds)), time);
    }
}
