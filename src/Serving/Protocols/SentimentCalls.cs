using Grpc.Core;
using LoraOnnx.Model;
using LoraOnnx.Serving.Batching;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Models;
using LoraOnnx.Serving.Security;
using LoraOnnx.Serving.Protocols.Grpc;
using LoraOnnx.V1;

namespace LoraOnnx.Serving.Protocols;

/// <summary>The calls of lora_onnx.v1 apart from their transport: gRPC, REST and tei.v1 share them. Errors are <see cref="RpcException"/>s in all.</summary>
internal sealed class SentimentCalls(ModelCatalog catalog, RequestChecks checks, ServingOptions options, TimeProvider time, CallerName caller, ILogger<SentimentCalls> logger)
{
    /// <summary>Classifies one text; errors about it name <paramref name="textField"/>, which other protocols call differently.</summary>
    public async Task<PredictResponse> PredictAsync(PredictRequest request, DateTime deadline, string textField, CancellationToken cancellationToken)
    {
        var (text, error) = checks.Read(request.Text, request.Truncation, CallDeadline.Timestamp(deadline, time), textField, "truncation");
        if (error is not null)
        {
            throw error.ToRpcException();
        }

        using var lease = await AcquireAsync(request.Model, request.ModelVersion, cancellationToken);
        var outcome = await lease.Model.ClassifyAsync(text, cancellationToken);
        return outcome.Classification is { } classification
            ? Respond(lease.Model, classification, request.IncludeLogits, request.Text)
            : throw ErrorFor(lease.Model, outcome.Refusal!, textField).ToRpcException(); // one of the two is set
    }

    /// <summary>Classifies many texts; what is wrong with one is said in its place.</summary>
    public async Task<PredictBatchResponse> PredictBatchAsync(PredictBatchRequest request, DateTime deadline, CancellationToken cancellationToken)
    {
        if (checks.BatchError(request.Texts.Count, "texts") is { } tooMany)
        {
            throw tooMany.ToRpcException();
        }

        if (RequestChecks.TruncationOf(request.Truncation) is null)
        {
            throw CallError.Invalid("truncation", $"{(int)request.Truncation} is not a value that this server knows.").ToRpcException();
        }

        using var lease = await AcquireAsync(request.Model, request.ModelVersion, cancellationToken);
        var expiresAt = CallDeadline.Timestamp(deadline, time);
        if (lease.Model.CheckBulk(lease.Model.EstimateTokens(request.Texts.Count, request.Texts.Sum(text => (long)text.Length)), expiresAt) is { } refusal)
        {
            throw ErrorFor(lease.Model, refusal, "texts").ToRpcException();
        }

        var running = new List<Task<ItemResult>>(request.Texts.Count);
        try
        {
            for (var i = 0; i < request.Texts.Count; i++)
            {
                var field = $"texts[{i}]";
                var (text, error) = checks.Read(request.Texts[i], request.Truncation, expiresAt, field, "truncation");
                running.Add(error is not null
                    ? Task.FromResult(new ItemResult { Error = error.ToItem() })
                    : FinishAsync(lease.Model, await lease.Model.StartBulkAsync(text, cancellationToken), request.IncludeLogits, text.Text, field, cancellationToken));
            }
        }
        finally
        {
            // The lease must outlive every text, also when the caller gives up halfway.
            await ((Task)Task.WhenAll(running)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        var response = new PredictBatchResponse();
        foreach (var result in running)
        {
            response.Results.Add(await result);
        }

        return response;
    }

    /// <summary>Refuses a stream's first text when the server is too busy, as a single call would be.</summary>
    public async Task CheckStreamAsync(PredictRequest first, DateTime deadline, CancellationToken cancellationToken)
    {
        using var lease = await AcquireAsync(first.Model, first.ModelVersion, cancellationToken);
        if (lease.Model.CheckBulk(lease.Model.EstimateTokens(1, first.Text.Length), CallDeadline.Timestamp(deadline, time)) is { } refusal)
        {
            throw ErrorFor(lease.Model, refusal, "request.text").ToRpcException();
        }
    }

    /// <summary>Starts on one text of a stream; comes back when it has a place in the queue, with the task of its answer.</summary>
    public async Task<Task<ItemResult>> StartStreamItemAsync(PredictRequest request, DateTime deadline, string textField, CancellationToken cancellationToken)
    {
        var (text, error) = checks.Read(request.Text, request.Truncation, CallDeadline.Timestamp(deadline, time), textField, "request.truncation");
        if (error is not null)
        {
            return Task.FromResult(new ItemResult { Error = error.ToItem() });
        }

        ModelLease lease;
        try
        {
            lease = await AcquireAsync(request.Model, request.ModelVersion, cancellationToken);
        }
        catch (RpcException missing)
        {
            return Task.FromResult(new ItemResult { Error = (GrpcErrors.From(missing) with { Field = "request.model" }).ToItem() });
        }

        try
        {
            var started = await lease.Model.StartBulkAsync(text, cancellationToken);
            return FinishAndReleaseAsync(lease, started, request.IncludeLogits, text.Text, textField, cancellationToken);
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    /// <summary>Shows a text as the model reads it.</summary>
    public async Task<TokenizeResponse> TokenizeAsync(TokenizeRequest request, CancellationToken cancellationToken)
    {
        var (text, error) = checks.Read(request.Text, request.Truncation, long.MaxValue, "text", "truncation");
        if (error is not null)
        {
            throw error.ToRpcException();
        }

        using var lease = await AcquireAsync(request.Model, request.ModelVersion, cancellationToken);
        var limit = lease.Model.Description.MaxTokens;
        if (request.MaxTokens == 1 || request.MaxTokens > limit)
        {
            throw CallError.Invalid("max_tokens", $"is {request.MaxTokens}, expected 2 to {limit}, or 0 for {limit}.").ToRpcException();
        }

        if (!Enum.IsDefined(request.OffsetUnit))
        {
            throw CallError.Invalid("offset_unit", $"{(int)request.OffsetUnit} is not a value that this server knows.").ToRpcException();
        }

        var response = Tokenizations.Response(
            lease.Model,
            text.Text,
            request.MaxTokens == 0 ? limit : (int)request.MaxTokens,
            text.Truncation ?? lease.Model.Description.Truncation,
            request.OffsetUnit == OffsetUnit.Unspecified ? OffsetUnit.CodePoints : request.OffsetUnit);
        return response.Truncated && !text.MayCut
            ? throw CallError.Invalid("text", $"has {response.TotalTokens} tokens and was not to be cut.").ToRpcException()
            : response;
    }

    /// <summary>All models, the default one first.</summary>
    public ListModelsResponse ListModels()
    {
        var models = catalog.Models;
        var response = new ListModelsResponse();
        response.Models.Add(models.Select(entry => Summary(entry.Model, entry.Loaded, entry.Model.Name == models[0].Model.Name)));
        return response;
    }

    public static ModelSummary Summary(ServedModel model, bool loaded, bool isDefault) => new()
    {
        Name = model.Name,
        Version = model.Version,
        Labels = { model.Description.Task.Labels },
        MultiLabel = model.Description.Task.ProblemType == ProblemType.MultiLabel,
        MaxTokens = (uint)model.Description.MaxTokens,
        IsDefault = isDefault,
        Sha256 = model.Description.Hash,
        SizeBytes = (ulong)model.Description.Bytes,
        Precision = model.Description.Precision,
        Metadata = { new Dictionary<string, string>(model.Description.Metadata) },
        Temperature = model.Calibration.Temperature,
        Threshold = model.Calibration.Threshold ?? 0.5,
        Loaded = loaded,
    };

    /// <summary>Gets hold of a model.</summary>
    /// <exception cref="RpcException">NOT_FOUND, naming the models there are; FAILED_PRECONDITION when it was unloaded and cannot be read again.</exception>
    public async ValueTask<ModelLease> AcquireAsync(string name, string version, CancellationToken cancellationToken)
    {
        try
        {
            return await catalog.AcquireAsync(name, version, cancellationToken);
        }
        catch (ModelNotFoundException missing)
        {
            throw new CallError(ErrorKind.NotFound, missing.Message, "model").ToRpcException();
        }
        catch (InputException failure)
        {
            ServingLog.LoadFailed(logger, name, failure.Message);
            throw new CallError(ErrorKind.FailedPrecondition, failure.Message, "model").ToRpcException();
        }
    }

    /// <summary>The error for a refused text; an engine's failure is logged with its cause, which callers do not get.</summary>
    public CallError ErrorFor(ServedModel model, Refusal refusal, string field)
    {
        if (refusal.Reason == RefusalReason.EngineFailed)
        {
            ServingLog.EngineFailed(logger, model.Name, model.Version, refusal.Detail);
        }

        return CallError.From(refusal, field);
    }

    private async Task<ItemResult> FinishAndReleaseAsync(
        ModelLease lease, StartedText started, bool includeLogits, string text, string field, CancellationToken cancellationToken)
    {
        using (lease)
        {
            return await FinishAsync(lease.Model, started, includeLogits, text, field, cancellationToken);
        }
    }

    private async Task<ItemResult> FinishAsync(ServedModel model, StartedText started, bool includeLogits, string text, string field, CancellationToken cancellationToken)
    {
        var outcome = await model.FinishAsync(started, cancellationToken);
        return outcome.Classification is { } classification
            ? new ItemResult { Prediction = Respond(model, classification, includeLogits, text) }
            : new ItemResult { Error = ErrorFor(model, outcome.Refusal!, field).ToItem() }; // one of the two is set
    }

    private PredictResponse Respond(ServedModel model, Classification classification, bool includeLogits, string text)
    {
        var response = Predictions.Response(model, classification, includeLogits);
        if (options.LogTexts)
        {
            ServingLog.PredictedText(logger, response.Label, model.Name, model.Version, caller.Now, response.Tokens, response.Times.TotalUs, text);
        }
        else if (options.LogCalls)
        {
            ServingLog.Predicted(logger, response.Label, model.Name, model.Version, caller.Now, response.Tokens, response.Times.TotalUs);
        }

        return response;
    }
}
