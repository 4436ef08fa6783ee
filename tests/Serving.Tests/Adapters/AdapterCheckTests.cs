using LoraOnnx.Graph;
using LoraOnnx.Inference;
using LoraOnnx.Inference.Variants;
using LoraOnnx.Model;
using LoraOnnx.Serving.Models;
using LoraOnnx.Serving.Tests.Support;

namespace LoraOnnx.Serving.Tests.Adapters;

/// <summary>What is found before an adapter answers anybody.</summary>
public sealed class AdapterCheckTests : IDisposable
{
    private readonly AdapterFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("acme=runs/a", "acme", null, "runs/a", 1.0)]
    [InlineData("acme@base=runs/a:0.5", "acme", "base", "runs/a", 0.5)]
    [InlineData(@"acme=C:\runs\a", "acme", null, @"C:\runs\a", 1.0)]
    [InlineData(@"acme=C:\runs\a:-2", "acme", null, @"C:\runs\a", -2.0)]
    [InlineData("acme=runs/a=b:c", "acme", null, "runs/a=b:c", 1.0)]
    [InlineData("acme=runs/a:1e-3", "acme", null, "runs/a", 1e-3)]
    public void An_argument_has_a_weight_only_where_a_number_follows_the_last_colon(string argument, string name, string? onto, string path,
        double weight)
    {
        var source = VariantArgument.Parse("--adapter", argument, isHead: false);

        Assert.Equal((name, onto, path, weight), (source.Name, source.Base, source.Path, source.Variant!.Weight));
    }

    [Theory]
    [InlineData("acme")]
    [InlineData("=runs/a")]
    [InlineData("acme=")]
    [InlineData("ac me=runs/a")]
    [InlineData("acme@=runs/a")]
    public void An_argument_that_is_not_one_is_refused(string argument) =>
        Assert.Throws<InputException>(() => VariantArgument.Parse("--adapter", argument, isHead: false));

    [Fact]
    public async Task A_merged_base_is_refused() => Assert.Contains("merged into it already", await RefusalAsync(
        ["base=" + _folder.WriteBase("merged", new KeyValuePair<string, string>(OnnxMetadata.AdapterHashes, new string('a', 64)))],
            $"acme={AdapterFolder.GoldenOf("acme")}"),
        StringComparison.Ordinal);

    [Fact]
    public async Task Another_base_is_told_by_its_hash_and_the_right_one_is_found_by_it()
    {
        var (one, two) = (new string('1', 64), new string('2', 64));
        string[] both =
        [
            "one=" + _folder.WriteBase("one", new KeyValuePair<string, string>(OnnxMetadata.BaseHash, one)),
            "two=" + _folder.WriteBase("two", new KeyValuePair<string, string>(OnnxMetadata.BaseHash, two)),
        ];
        var adapter = _folder.Copy("acme", "acme");
        Assert.Contains("does not say which", await RefusalAsync(both, $"acme={adapter}"), StringComparison.Ordinal);

        File.WriteAllText(Path.Combine(adapter, "README.md"), $"---\nbase_model_sha256: {two}\n---\n");
        await using (var server = await TestServer.StartAsync((LoadEngine?)null, Options(both, $"acme={adapter}")))
        {
            Assert.Equal("two", server.Host.Catalog.Models[^1].Model.Base!.Name);
        }

        Assert.Contains("other weights", await RefusalAsync(both, $"acme@one={adapter}"), StringComparison.Ordinal);
        Assert.Contains("no model 'three'", await RefusalAsync(both, $"acme@three={adapter}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task DoRA_is_refused_with_the_advice_to_merge() => Assert.Contains("lora-merge",
        await RefusalAsync(["base=" + _folder.WriteBase("base")], $"dora={Golden.Path("adapters", "dora")}"), StringComparison.Ordinal);

    [Fact]
    public async Task A_rank_above_64_is_refused_and_64_is_served()
    {
        var raw = "base=" + _folder.WriteBase("base");
        Assert.Contains("has rank 65; at most 64 is served",
            await RefusalAsync([raw], "wide=" + _folder.WriteAdapter("wide", 65, index => index % 7 / 100f)), StringComparison.Ordinal);

        await using var server = await TestServer.StartAsync((LoadEngine?)null,
            Options([raw], "widest=" + _folder.WriteAdapter("widest", 64, index => index % 7 / 100f)));
        Assert.Equal("widest", server.Host.Catalog.Models[^1].Model.Name);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public async Task Numbers_that_are_not_finite_are_named_with_their_tensor(float number)
    {
        var refusal = await RefusalAsync(["base=" + _folder.WriteBase("base")],
            "broken=" + _folder.WriteAdapter("broken", 4, index => index == 5 ? number : 0.01f));

        Assert.Contains("not finite", refusal, StringComparison.Ordinal);
        Assert.Contains("lora_A", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void An_adapter_that_says_no_base_is_served_with_a_warning()
    {
        using var classifier = TextClassifier.Load(
            _folder.WriteBase("base", new KeyValuePair<string, string>(OnnxMetadata.BaseHash, new string('1', 64))),
            new InferenceOptions { Device = ComputeDevice.Cpu, TakesAdapters = true });

        using var variant = classifier.LoadVariant(new VariantSource(_folder.Copy("acme", "acme")));

        Assert.Contains(variant.Notes, line => line.Contains("do not say which base it was trained on", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Golden_texts_beside_an_adapter_are_its_self_test()
    {
        var raw = "base=" + _folder.WriteBase("base");
        var adapter = _folder.Copy("acme", "acme");
        File.WriteAllText(Path.Combine(adapter, "golden.jsonl"), """{"text": "A text.", "logits": [9, -9]}""" + "\n");

        Assert.Contains("logits differ", await RefusalAsync([raw], $"acme={adapter}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Calibration_and_labels_beside_an_adapter_are_its_own()
    {
        var raw = "base=" + _folder.WriteBase("base");
        var adapter = _folder.Copy("acme", "acme");
        File.WriteAllText(Path.Combine(adapter, "calibration.json"), """{"temperature": 2, "threshold": 0.25}""");
        await using var server = await TestServer.StartAsync((LoadEngine?)null, Options([raw], $"acme={adapter}"));

        var model = server.Host.Catalog.Models[^1].Model;
        Assert.Equal((2, 0.25), (model.Calibration.Temperature, model.Calibration.Threshold));
        Assert.Equal(1, server.Host.Catalog.Models[0].Model.Calibration.Temperature);
    }

    private static ServingOptions Options(string[] models, params string[] adapters) =>
        TestServer.Options with { Models = models, Device = ComputeDevice.Cpu, Adapters = adapters };

    private static async Task<string> RefusalAsync(string[] models, params string[] adapters)
    {
        var refused = await Assert.ThrowsAsync<InputException>(async () =>
            await TestServer.StartAsync((LoadEngine?)null, Options(models, adapters)));
        return $"{refused.Message} {refused.Hint}";
    }
}
