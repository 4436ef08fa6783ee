using LoraOnnx.Client;
using LoraOnnx.Graph;
using LoraOnnx.Inference;
using LoraOnnx.Model.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Kept = LoraOnnx.V1.Truncation;

namespace LoraOnnx.Classifier.Tests;

/// <summary>A service that moves from its own process to a lora-serve gets the answers that it got: of models of several kinds, with what
/// calibration.json and the file's metadata say, and however it asks for texts to be cut.</summary>
public sealed class SameAsServerTests : IDisposable
{
    private const double Rounding = 1e-7; // a server's scores are of single precision

    private static readonly string[] _names = ["plain", "threshold", "several", "three"];

    private static readonly string[] _texts =
    [
        .. ClassifierFolder.Texts, "caf\u00e9 \ud83d\ude00 \u200b\u0000\t", " \n", "a lone \ud83d half",
        string.Join(' ', Enumerable.Range(0, 500).Select(word => word < 200 ? "good" : word < 400 ? "the" : "awful")),
    ];

    private readonly Dictionary<string, ClassifierFolder> _folders;

    public SameAsServerTests()
    {
        var several = new TinyModelOptions { Labels = ["joy", "fear", "calm"], ProblemType = "multi_label_classification" };
        _folders = new Dictionary<string, ClassifierFolder>
        {
            ["plain"] = new(metadata: new() { [OnnxMetadata.Truncate] = "head_and_tail", [OnnxMetadata.MaxLength] = "20" }),
            ["threshold"] = new(),
            ["several"] = new(several),
            ["three"] = new(several with { ProblemType = null }, new() { [OnnxMetadata.Truncate] = "tail" }),
        };
        new Calibration { Temperature = 0.25, Threshold = 0.45 }.Save(_folders["threshold"].Path);
        new Calibration { Temperature = 0.5, Thresholds = [0.4, 0.7, 0.5] }.Save(_folders["several"].Path);
        new Calibration { Temperature = 3 }.Save(_folders["three"].Path);
    }

    public static TheoryData<string> Precisions => ["auto", "bf16"];

    public void Dispose() => _folders.Values.ToList().ForEach(folder => folder.Dispose());

    [Theory]
    [MemberData(nameof(Precisions))]
    public async Task Answers_are_those_of_lora_serve_with_the_same_files(string precision)
    {
        Requirement.ProcessorHas(precision == "auto" || Bf16Support.Refusal is null, Bf16Support.Refusal);
        using var server = await StartAsync("--precision", precision);
        await using var here = Services((services, name) => services.AddKeyedTextClassifier(
            name, _folders[name].Path, new TextClassifierOptions { Precision = precision }));
        await using var there = Services((services, name) => services.AddKeyedSentimentClient(
            name, server.GrpcAddress, request: new PredictOptions { Model = name }));

        foreach (var name in _names)
        {
            await AssertSameAsync(name, here.GetRequiredKeyedService<ITextClassifier>(name), there.GetRequiredKeyedService<ITextClassifier>(name));
        }

        var health = await there.GetRequiredService<HealthCheckService>().CheckHealthAsync(TestContext.Current.CancellationToken);
        Assert.Equal((HealthStatus.Healthy, _names.Length), (health.Status, health.Entries.Count));
    }

    [Fact]
    public async Task Texts_are_cut_as_a_call_asks_or_refused()
    {
        using var server = await StartAsync();
        using var client = new SentimentClient(server.GrpcAddress);
        foreach (var (asked, kept) in new[]
        {
            (TextTruncation.Head, Kept.Head), (TextTruncation.Tail, Kept.Tail), (TextTruncation.HeadAndTail, Kept.HeadAndTail),
        })
        {
            using var here = TextClassifier.Load(_folders["plain"].Path, new TextClassifierOptions { Truncation = asked });
            await AssertSameAsync($"{asked}", here, new TextClassifierClient(client, new PredictOptions { Truncation = kept }));
        }

        using var refusing = TextClassifier.Load(_folders["plain"].Path, new TextClassifierOptions { Truncation = TextTruncation.Refuse });
        var refusingThere = new TextClassifierClient(client, new PredictOptions { Truncation = Kept.Refuse });
        await AssertSameAsync("short", refusing, refusingThere, _texts[..2]);
        foreach (var classifier in new ITextClassifier[] { refusing, refusingThere })
        {
            var failure = await Assert.ThrowsAsync<TextClassificationException>(
                async () => await classifier.ClassifyAsync(_texts[^1], TestContext.Current.CancellationToken));
            Assert.Contains("has 502 tokens; the model takes 20", failure.Message, StringComparison.Ordinal);
            await Assert.ThrowsAsync<TextClassificationException>(
                async () => await classifier.ClassifyAsync(_texts, TestContext.Current.CancellationToken));
        }
    }

    /// <summary>More than a server takes in one message, so that a client asks in several.</summary>
    [Fact]
    public async Task Long_texts_in_any_number_are_answered_by_a_server_too()
    {
        using var server = await StartAsync();
        using var client = new SentimentClient(server.GrpcAddress);
        using var here = TextClassifier.Load(_folders["plain"].Path);
        string[] texts = [.. Enumerable.Range(0, 60).Select(index => new string('\u5f88', 100_000 - index))];

        await AssertSameAsync("plain", here, new TextClassifierClient(client, PredictOptions.Default), texts);
    }

    private Task<ServerProcess> StartAsync(params string[] arguments) =>
        ServerProcess.StartAsync([.. _names.SelectMany(name => new[] { "--model", $"{name}={_folders[name].Path}" }), .. arguments]);

    private static ServiceProvider Services(Action<IServiceCollection, string> add)
    {
        var services = new ServiceCollection().AddLogging();
        var checks = services.AddHealthChecks();
        foreach (var name in _names)
        {
            add(services, name);
            checks.AddTextClassifier(name, name);
        }

        return services.BuildServiceProvider();
    }

    private static async Task AssertSameAsync(string what, ITextClassifier here, ITextClassifier there, string[]? texts = null)
    {
        texts ??= _texts;
        var expected = await here.ClassifyAsync(texts, TestContext.Current.CancellationToken);
        var actual = await there.ClassifyAsync(texts, TestContext.Current.CancellationToken);
        for (var i = 0; i < texts.Length; i++)
        {
            AssertSame($"{what}, text {i}", expected[i], actual[i]);
        }

        AssertSame($"{what}, alone", expected[0], await there.ClassifyAsync(texts[0], TestContext.Current.CancellationToken));
        AssertSame($"{what}, alone", expected[0], await here.ClassifyAsync(texts[0], TestContext.Current.CancellationToken));
    }

    private static void AssertSame(string what, TextClassification expected, TextClassification actual)
    {
        Assert.Equal((what, expected.Label, expected.Tokens, expected.IsTruncated), (what, actual.Label, actual.Tokens, actual.IsTruncated));
        Assert.Equal(expected.Labels, actual.Labels);
        Assert.Equal(expected.Scores.Select(score => score.Label), actual.Scores.Select(score => score.Label));
        Assert.All(expected.Scores.Zip(actual.Scores), pair => Assert.Equal(pair.First.Score, pair.Second.Score, Rounding));
        Assert.Equal(expected.Score, actual.Score, Rounding);
    }
}
