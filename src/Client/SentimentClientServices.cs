using LoraOnnx;
using LoraOnnx.Client;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers a connection to a lora-serve.</summary>
public static class SentimentClientServices
{
    /// <summary>A <see cref="SentimentClient"/>, and an <see cref="ITextClassifier"/> over it.</summary>
    /// <param name="services">Where they are registered, as singletons.</param>
    /// <param name="address"><c>HOST:PORT</c>, or <c>http://</c> or <c>https://</c> before it.</param>
    /// <param name="options">How to call; null: the defaults.</param>
    /// <param name="request">Which model to ask; null: the server's first.</param>
    public static IServiceCollection AddSentimentClient(
        this IServiceCollection services, string address, SentimentClientOptions? options = null, PredictOptions? request = null) =>
        services.AddKeyedSentimentClient(key: null, address, options, request);

    /// <summary>The same two under a key, for programs with several servers or models.</summary>
    /// <param name="services">Where they are registered, as singletons.</param>
    /// <param name="key">What <see cref="FromKeyedServicesAttribute"/> asks for.</param>
    /// <param name="address"><c>HOST:PORT</c>, or <c>http://</c> or <c>https://</c> before it.</param>
    /// <param name="options">How to call; null: the defaults.</param>
    /// <param name="request">Which model to ask; null: the server's first.</param>
    public static IServiceCollection AddKeyedSentimentClient(this IServiceCollection services, object? key, string address,
        SentimentClientOptions? options = null, PredictOptions? request = null) => services
            .AddKeyedSingleton(key, (_, _) => new SentimentClient(address, options ?? new SentimentClientOptions()))
            .AddKeyedSingleton<ITextClassifier>(key, (provider, _) =>
                new TextClassifierClient(provider.GetRequiredKeyedService<SentimentClient>(key), request ?? PredictOptions.Default));
}
