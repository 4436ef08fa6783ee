using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace LoraOnnx.Classifier.Tests;

public sealed class ServicesTests : IDisposable
{
    private readonly ClassifierFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_registered_classifier_answers_counts_and_reports_its_health()
    {
        var texts = 0L;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == "LoraOnnx" && instrument.Name == "lora_onnx.texts" && instrument.Meter.Scope is not null)
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, measured, _, _) => Interlocked.Add(ref texts, measured));
        listener.Start();
        var services = new ServiceCollection().AddLogging().AddMetrics()
            .AddTextClassifier(_folder.Path, new TextClassifierOptions { Device = "cpu" })
            .AddKeyedTextClassifier("second", _folder.Path);
        services.AddHealthChecks().AddTextClassifier().AddTextClassifier("second", "second");
        await using var provider = services.BuildServiceProvider();

        var answer = await provider.GetRequiredService<ITextClassifier>().ClassifyAsync("the film", TestContext.Current.CancellationToken);
        var other = await provider.GetRequiredKeyedService<ITextClassifier>("second").ClassifyAsync(
            "the film", TestContext.Current.CancellationToken);
        var health = await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync(TestContext.Current.CancellationToken);

        Assert.Equal(answer.Scores, other.Scores);
        Assert.Equal((HealthStatus.Healthy, 2), (health.Status, health.Entries.Count));
        Assert.Equal(4, texts);
    }

    [Fact]
    public async Task A_model_that_does_not_load_is_unhealthy_until_its_files_are_there()
    {
        using var later = new TemporaryFolder();
        var path = Path.Combine(later.Path, "model");
        var services = new ServiceCollection().AddLogging().AddTextClassifier(path);
        services.AddHealthChecks().AddTextClassifier();
        await using var provider = services.BuildServiceProvider();
        var checks = provider.GetRequiredService<HealthCheckService>();

        var before = await checks.CheckHealthAsync(TestContext.Current.CancellationToken);
        Directory.CreateSymbolicLink(path, _folder.Path);
        var after = await checks.CheckHealthAsync(TestContext.Current.CancellationToken);

        Assert.Equal((HealthStatus.Unhealthy, HealthStatus.Healthy), (before.Status, after.Status));
        Assert.Contains(path, before.Entries["text classifier"].Description, StringComparison.Ordinal);
    }
}
