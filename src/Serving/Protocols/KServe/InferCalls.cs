using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Models;

namespace LoraOnnx.Serving.Protocols.KServe;

/// <summary>ModelInfer of KServe v2 apart from its transport.</summary>
internal sealed class InferCalls(PredictCalls calls, ModelCatalog catalog, TimeProvider time)
{
    /// <summary>Most elements of a tensor: a thousand tokens a text, for the longest models.</summary>
    public long MostElements { get; } = Math.Max(1 << 20, calls.MostTexts * 1024L);

    /// <summary>Classifies the rows of a request; one that is wrong or refused fails the call, which has no place for errors of rows.</summary>
    /// <exception cref="OperationCanceledException">The caller is gone.</exception>
    public async Task<CallResult<InferResponse>> InferAsync(InferRequest request, string caller, long expiresAt, CancellationToken cancellationToken)
    {
        if ((catalog.Missing(request.Model, request.Version) ?? InferResponse.Check(request.Outputs)) is { } unknown)
        {
            return unknown;
        }

        var (inputs, wrong) = InferInputs.Read(request, calls.MostTexts);
        if (inputs is null)
        {
            return wrong!; // one of the two is set
        }

        var call = new PredictCall
        {
            Model = request.Model,
            Version = request.Version,
            Caller = caller,
            ExpiresAt = Math.Min(expiresAt, TimeoutOf(request))
        };
        if (inputs.Length == 0)
        {
            var (lease, gone) = await catalog.AcquireAsync(request.Model, request.Version, cancellationToken);
            using (lease)
            {
                return lease is null ? gone! : new InferResponse(request, lease.Model); // one of the two is set
            }
        }

        if (inputs is [var single])
        {
            var (prediction, error) = await calls.PredictAsync(call, single, cancellationToken);
            return prediction is null ? error! : InferResponse.Of(request, [prediction]); // one of the two is set
        }

        var (results, refusal) = await calls.PredictAllAsync(call, inputs, "inputs", cancellationToken);
        var first = refusal ?? results!.Select(result => result.Error).FirstOrDefault(error => error is not null); // one of the two is set
        return first is not null ? first : InferResponse.Of(request, [.. results!.Select(result => result.Value!)]); // no errors: values
    }

    private long TimeoutOf(InferRequest request) => request.TimeoutMicroseconds == 0
        ? long.MaxValue
        : CallTime.In(TimeSpan.FromMicroseconds(Math.Min(request.TimeoutMicroseconds, TimeSpan.FromDays(2).TotalMicroseconds)), time);
}
