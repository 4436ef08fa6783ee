using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace LoraOnnx;

/// <summary>Healthy when the classifier answers a short text within the check's time. One whose model does not load is asked for again each time: it
/// is healthy once the files are there.</summary>
internal sealed class TextClassifierHealthCheck(Func<ITextClassifier> classifier) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await classifier().ClassifyAsync("Does it answer?", cancellationToken).ConfigureAwait(false);
            return HealthCheckResult.Healthy("it answers");
        }
        catch (Exception failure) when (failure is TextClassificationException or InputException or ObjectDisposedException)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, failure.Message, failure);
        }
    }
}
