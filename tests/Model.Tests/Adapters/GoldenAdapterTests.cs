using System.Text.Json;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Configuration;

namespace LoraOnnx.Model.Tests.Adapters;

/// <summary>Every adapter that peft saved loads, with the modules, ranks and scales that peft gave it.</summary>
public sealed class GoldenAdapterTests
{
    private static readonly ModelConfig _demo = ModelConfig.Load(Golden.DemoModel);

    public static TheoryData<string> Names =>
        [.. Directory.GetDirectories(Golden.Path("adapters")).Select(path => System.IO.Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Adapter_changes_the_tensors_that_merging_in_peft_changed(string name)
    {
        using var expected = JsonDocument.Parse(File.ReadAllBytes(Golden.Path("adapters", name, "expected.json")));
        var merged = expected.RootElement.GetProperty("merged_tensors").EnumerateObject().Select(property => property.Name)
            .Order(StringComparer.Ordinal);

        var adapter = LoraAdapter.Load(Golden.Path("adapters", name), _demo);

        var changed = adapter.Modules.Select(module => $"{module.Module}.weight")
            .Concat(adapter.Modules.Where(module => module.BBias is not null).Select(module => $"{module.Module}.bias"))
            .Concat(adapter.Replacements.Select(tensor => tensor.Name))
            .Order(StringComparer.Ordinal);
        Assert.Equal(merged, changed);
        Assert.Empty(adapter.Warnings);
        Assert.Equal(64, adapter.ContentHash!.Length);
    }

    [Theory]
    [InlineData("qkv-r8", 18, 8, 2)]
    [InlineData("qkv-r1-alpha1", 18, 1, 1)]
    [InlineData("rslora-r16", 18, 16, 4)]
    [InlineData("all-linear", 38, 4, 2)]
    [InlineData("layers-1-3", 6, 4, 2)]
    [InlineData("regex-target", 12, 4, 2)]
    public void Adapter_has_the_rank_and_scale_of_its_config(string name, int modules, int rank, double scale)
    {
        var adapter = LoraAdapter.Load(Golden.Path("adapters", name), _demo);

        Assert.Equal(modules, adapter.Modules.Count);
        Assert.All(adapter.Modules, module => Assert.Equal((rank, scale), (module.Rank, module.Scale)));
    }

    [Fact]
    public void Patterns_give_modules_their_own_rank_and_alpha()
    {
        var adapter = LoraAdapter.Load(Golden.Path("adapters", "patterns"), _demo);

        var scales = adapter.Modules.ToDictionary(module => module.Module["distilbert.transformer.".Length..], module => (module.Rank, module.Scale));
        Assert.Equal((2, 4.0), scales["layer.0.attention.q_lin"]);
        Assert.Equal((4, 2.0), scales["layer.1.attention.q_lin"]);
        Assert.Equal((4, 2.0), scales["layer.2.attention.v_lin"]);
        Assert.Equal((4, 8.0), scales["layer.3.attention.v_lin"]);
        Assert.Equal((6, 8.0 / 6), scales["layer.5.attention.out_lin"]);
    }

    [Fact]
    public void Head_of_a_classification_adapter_has_both_its_layers()
    {
        var adapter = LoraAdapter.Load(Golden.Path("adapters", "qkv-r8-head"), _demo);

        Assert.Equal(["pre_classifier.weight", "pre_classifier.bias", "classifier.weight", "classifier.bias"],
            adapter.Replacements.Select(tensor => tensor.Name));
    }
}
