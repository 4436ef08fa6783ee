using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace LoraOnnx;

/// <summary>Healthy when the classifier answers a short text within the check's time.</summary>
internal sealed class TextClassifierHealthCheck(ITextClassifier classifier) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await classifier.ClassifyAsync("Does it answer?", cancellationToken).ConfigureAwait(false);
            return HealthCheckResult.Healthy("it answers");
        }
        catch (Exception failure) when (failure is TextClassificationException or ObjectDisposedException)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, failure.Message, failure);
        }
    }
}
