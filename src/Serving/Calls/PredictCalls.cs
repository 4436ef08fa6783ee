using LoraOnnx.Serving.Admission;
using LoraOnnx.Serving.Batching;
using LoraOnnx.Serving.Models;
using LoraOnnx.Serving.Telemetry;

namespace LoraOnnx.Serving.Calls;

/// <summary>
/// The one road of every text: checks it, finds the model, gives it its place in the queue and waits for its answer. Knows no protocol.
/// </summary>
internal sealed class PredictCalls(ModelCatalog catalog, CallChecks checks, ServingOptions options, TimeProvider time, ILogger<PredictCalls> logger)
{
    /// <summary>Most texts in one call.</summary>
    public int MostTexts => checks.MostTexts;

    /// <summary>Classifies one text.</summary>
    /// <exception cref="OperationCanceledException">The caller is gone.</exception>
    public async ValueTask<CallResult<Prediction>> PredictAsync(PredictCall call, CallInput input, CancellationToken cancellationToken)
    {
        if (Check(input) is { } wrong)
        {
            return wrong;
        }

        using var allowed = new CallTime(call.ExpiresAt, time, cancellationToken);
        try
        {
            var (lease, error) = await catalog.AcquireAsync(call.Model, call.Version, allowed.Token);
            if (lease is null)
            {
                return error!; // one of the two is set
            }

            using (lease)
            {
                allowed.Token.ThrowIfCancellationRequested(); // before tokenising
                var model = lease.Model;
                if (input.Ids is { } ids)
                {
                    return CallChecks.Ids(ids, model, input.Field) is { } notOurs
                        ? notOurs
                        : await FinishAsync(model, model.Work.StartIds(ids, call.ExpiresAt), call, input, allowed.Token);
                }

                return await FinishAsync(model, model.Work.Start(Request(call, input)), call, input, allowed.Token);
            }
        }
        catch (OperationCanceledException) when (allowed.IsOver)
        {
            return CallError.DeadlinePassed;
        }
    }

    /// <summary>Asks several models for one text: one prediction each, in their order, or what is wrong with one of them.</summary>
    /// <param name="call">What is asked for; names no model.</param>
    /// <param name="models">NAME or NAME@VERSION each.</param>
    /// <param name="input">The text.</param>
    /// <param name="cancellationToken">The caller is gone.</param>
    /// <exception cref="OperationCanceledException">The caller is gone.</exception>
    public async Task<CallResult<Prediction[]>> PredictTogetherAsync(
        PredictCall call, IReadOnlyList<string> models, CallInput input, CancellationToken cancellationToken)
    {
        if ((Check(input) ?? checks.Models(call, models)) is { } wrong)
        {
            return wrong;
        }

        using var allowed = new CallTime(call.ExpiresAt, time, cancellationToken);
        var leases = new List<ModelLease>(models.Count);
        try
        {
            for (var i = 0; i < models.Count; i++)
            {
                var (name, version) = models[i].IndexOf('@', StringComparison.Ordinal) is var at and >= 0
                    ? (models[i][..at], models[i][(at + 1)..])
                    : (models[i], "");
                var (lease, error) = await catalog.AcquireAsync(name, version, allowed.Token);
                if (lease is null)
                {
                    return error!.Of($"models[{i}]"); // one of the two is set
                }

                leases.Add(lease);
            }

            allowed.Token.ThrowIfCancellationRequested(); // before tokenising
            var started = ModelWork.StartTogether([.. leases.Select(lease => lease.Model.Work)], Request(call, input));
            var running = leases.Zip(started, (lease, text) => FinishAsync(lease.Model, text, call, input, allowed.Token).AsTask()).ToList();
            await ((Task)Task.WhenAll(running)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // the leases must outlive every answer
            var results = await Task.WhenAll(running);
            return Array.Find(results, result => result.Error is not null) is { Error: { } failed } ? failed
                : Array.ConvertAll(results, result => result.Value!); // one of the two is set
        }
        catch (OperationCanceledException) when (allowed.IsOver)
        {
            return CallError.DeadlinePassed;
        }
        finally
        {
            leases.ForEach(lease => lease.Dispose());
        }
    }

    /// <summary>
    /// Classifies many texts; what is wrong with one is said in its place. The call as a whole is refused when the server is too busy.
    /// </summary>
    /// <param name="call">What is asked for.</param>
    /// <param name="inputs">The texts.</param>
    /// <param name="field">What the caller calls them all.</param>
    /// <param name="cancellationToken">The caller is gone.</param>
    /// <exception cref="OperationCanceledException">The caller is gone.</exception>
    public async Task<CallResult<CallResult<Prediction>[]>> PredictAllAsync(
        PredictCall call, IReadOnlyList<CallInput> inputs, string field, CancellationToken cancellationToken)
    {
        if (checks.Count(inputs.Count, field) is { } tooMany)
        {
            return tooMany;
        }

        using var allowed = new CallTime(call.ExpiresAt, time, cancellationToken);
        try
        {
            var (lease, error) = await catalog.AcquireAsync(call.Model, call.Version, allowed.Token);
            if (lease is null)
            {
                return error!; // one of the two is set
            }

            using (lease)
            {
                var work = lease.Model.Work;
                var (entry, refusal) = work.EnterBulk(inputs.Sum(input => TokensOf(input, work)), inputs.Count, call.ExpiresAt);
                if (entry is null)
                {
                    return Explain(lease.Model, refusal!, field); // one of the two is set
                }

                using (entry)
                {
                    return await PredictAllAsync(call, inputs, lease.Model, entry, allowed.Token);
                }
            }
        }
        catch (OperationCanceledException) when (allowed.IsOver)
        {
            return CallError.DeadlinePassed;
        }
    }

    /// <summary>Why a stream that begins with this text is refused, as a single call would be; null: it is let in.</summary>
    /// <exception cref="OperationCanceledException">The caller is gone.</exception>
    public async ValueTask<CallError?> RefuseStreamAsync(PredictCall call, CallInput first, CancellationToken cancellationToken)
    {
        var (lease, error) = await catalog.AcquireAsync(call.Model, call.Version, cancellationToken);
        if (lease is null)
        {
            return error;
        }

        using (lease)
        {
            var (entry, refusal) = lease.Model.Work.EnterBulk(TokensOf(first, lease.Model.Work), 1, call.ExpiresAt);
            entry?.Dispose();
            return refusal is null ? null : Explain(lease.Model, refusal, first.Field);
        }
    }

    /// <summary>Starts on one text of a stream that was let in; comes back when it has a place in the queue, with the task of its answer.</summary>
    /// <param name="call">What is asked for.</param>
    /// <param name="input">The text.</param>
    /// <param name="modelField">What the caller calls the model's name.</param>
    /// <param name="cancellationToken">The caller is gone.</param>
    /// <exception cref="OperationCanceledException">The caller is gone.</exception>
    public async ValueTask<Task<CallResult<Prediction>>> StartStreamedAsync(
        PredictCall call, CallInput input, string modelField, CancellationToken cancellationToken)
    {
        if (Check(input) is { } wrong)
        {
            return Task.FromResult<CallResult<Prediction>>(wrong);
        }

        var (lease, error) = await catalog.AcquireAsync(call.Model, call.Version, cancellationToken);
        if (lease is null)
        {
            return Task.FromResult<CallResult<Prediction>>(error!.Of(modelField)); // one of the two is set
        }

        try
        {
            using var entry = lease.Model.Work.JoinBulk(TokensOf(input, lease.Model.Work));
            var started = await StartBulkAsync(call, input, lease.Model, cancellationToken);
            return FinishAndReleaseAsync(lease, started, call, input, cancellationToken);
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    private async Task<CallResult<Prediction>[]> PredictAllAsync(
        PredictCall call, IReadOnlyList<CallInput> inputs, ServedModel model, BulkEntry entry, CancellationToken cancellationToken)
    {
        var running = new List<Task<CallResult<Prediction>>>(inputs.Count);
        try
        {
            foreach (var input in inputs)
            {
                var wrong = Check(input) ?? (input.Ids is { } ids ? CallChecks.Ids(ids, model, input.Field) : null);
                running.Add(wrong is not null
                    ? Task.FromResult<CallResult<Prediction>>(wrong)
                    : FinishAsync(model, await StartBulkAsync(call, input, model, cancellationToken), call, input, cancellationToken).AsTask());
                entry.Placed();
            }
        }
        finally
        {
            // The lease must outlive every text, also when the caller gives up halfway.
            await ((Task)Task.WhenAll(running)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return await Task.WhenAll(running);
    }

    private static ValueTask<StartedText> StartBulkAsync(
        PredictCall call, CallInput input, ServedModel model, CancellationToken cancellationToken) => input.Ids is { } ids
        ? model.Work.StartBulkIdsAsync(ids, call.ExpiresAt, cancellationToken)
        : model.Work.StartBulkAsync(Request(call, input), cancellationToken);

    private async Task<CallResult<Prediction>> FinishAndReleaseAsync(
        ModelLease lease, StartedText started, PredictCall call, CallInput input, CancellationToken cancellationToken)
    {
        using (lease)
        {
            return await FinishAsync(lease.Model, started, call, input, cancellationToken);
        }
    }

    private async ValueTask<CallResult<Prediction>> FinishAsync(
        ServedModel model, StartedText started, PredictCall call, CallInput input, CancellationToken cancellationToken)
    {
        var outcome = await model.Work.FinishAsync(started, cancellationToken);
        if (outcome.Classification is not { } classification)
        {
            return Explain(model, outcome.Refusal!, input.Field); // one of the two is set
        }

        ServingTraces.Record(classification, model.Name, model.Version);
        var prediction = new Prediction(model, classification);
        Log(prediction, call.Caller, input.Text ?? "");
        return prediction;
    }

    private CallError? Check(CallInput input) => input.Error ?? (input.Text is { } text ? checks.Text(text, input.Field) : null);

    // A text where there are no ids.
    private static TextRequest Request(PredictCall call, CallInput input) =>
        new(input.Text!, call.Truncation, call.MayCut, call.Caller, call.ExpiresAt);

    private static long TokensOf(CallInput input, ModelWork work) => input.Ids?.Ids.Length ?? work.EstimateTokens(1, input.Text?.Length ?? 0);

    /// <summary>The error for a refused text; an engine's failure is logged with its cause, which callers do not get.</summary>
    private CallError Explain(ServedModel model, Refusal refusal, string field)
    {
        if (refusal.Reason == RefusalReason.EngineFailed)
        {
            ServingLog.EngineFailed(logger, model.Name, model.Version, refusal.Detail);
        }

        return CallError.From(refusal, field);
    }

    private void Log(Prediction prediction, string caller, string text)
    {
        var tokens = (uint)prediction.Classification.Tokens;
        var microseconds = (ulong)prediction.Classification.Total.TotalMicroseconds;
        if (options.LogTexts)
        {
            ServingLog.PredictedText(logger, prediction.Label, prediction.Model, prediction.Version, caller, tokens, microseconds, text);
        }
        else if (options.LogCalls)
        {
            ServingLog.Predicted(logger, prediction.Label, prediction.Model, prediction.Version, caller, tokens, microseconds);
        }
    }
}
