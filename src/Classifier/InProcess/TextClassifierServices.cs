using System.Diagnostics.Metrics;
using LoraOnnx;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers classifiers that run in this process.</summary>
public static class TextClassifierServices
{
    /// <summary>An <see cref="ITextClassifier"/> over a model that lora-merge wrote. It is loaded when it is first asked for; to have it fail at
    /// start, ask for it there.</summary>
    /// <param name="services">Where it is registered, as a singleton.</param>
    /// <param name="path">An ONNX file or its directory.</param>
    /// <param name="options">Where and how it runs; null: the defaults.</param>
    public static IServiceCollection AddTextClassifier(this IServiceCollection services, string path, TextClassifierOptions? options = null) =>
        services.AddSingleton<ITextClassifier>(provider => Load(provider, path, options));

    /// <summary>An <see cref="ITextClassifier"/> under a key, for programs with several models.</summary>
    /// <param name="services">Where it is registered, as a singleton.</param>
    /// <param name="key">What <see cref="FromKeyedServicesAttribute"/> asks for.</param>
    /// <param name="path">An ONNX file or its directory.</param>
    /// <param name="options">Where and how it runs; null: the defaults.</param>
    public static IServiceCollection AddKeyedTextClassifier(
        this IServiceCollection services, object? key, string path, TextClassifierOptions? options = null) =>
        services.AddKeyedSingleton<ITextClassifier>(key, (provider, _) => Load(provider, path, options));

    /// <summary>A health check that asks the registered classifier for an answer.</summary>
    /// <param name="checks">Where it is registered.</param>
    /// <param name="name">The check's name.</param>
    /// <param name="key">The classifier's key; null: the one without.</param>
    public static IHealthChecksBuilder AddTextClassifier(this IHealthChecksBuilder checks, string name = "text classifier", object? key = null)
    {
        ArgumentNullException.ThrowIfNull(checks);
        return checks.Add(new HealthCheckRegistration(name,
            provider => new TextClassifierHealthCheck(() => provider.GetRequiredKeyedService<ITextClassifier>(key)),
            failureStatus: null, tags: null));
    }

    private static TextClassifier Load(IServiceProvider provider, string path, TextClassifierOptions? options) =>
        TextClassifier.Load(path, options ?? new TextClassifierOptions(), provider.GetService<ILoggerFactory>()?.CreateLogger("LoraOnnx"),
            provider.GetService<IMeterFactory>());
}
