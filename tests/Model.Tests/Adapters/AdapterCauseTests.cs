using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Model.Tests.Adapters;

/// <summary>Adapters that do not load get their true cause; what can be understood is, with one line.</summary>
public sealed class AdapterCauseTests
{
    [Theory]
    [InlineData("_orig_mod.", "")]
    [InlineData("module.", "")]
    [InlineData("_fsdp_wrapped_module.", "")]
    [InlineData("", "_fsdp_wrapped_module.")]
    [InlineData("", "_orig_mod.")]
    [InlineData("module._orig_mod.", "module.")]
    public void Prefixes_of_wrappers_are_taken_off_with_one_line(string front, string inside)
    {
        using var plain = new AdapterFolder("{}").With("0.q_lin 0.v_lin 1.q_lin 1.v_lin");
        var expected = plain.Load();
        Rename(plain, name => $"{front}base_model.model.{inside}{name["base_model.model.".Length..]}");

        var adapter = LoraAdapter.Load(plain.Path, plain.Model.Config);

        Assert.Equal(expected.Modules.Select(module => module.Module), adapter.Modules.Select(module => module.Module));
        Assert.Contains("wrapper prefixes", Assert.Single(adapter.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Empty_tensors_are_named_as_what_ZeRO_3_leaves()
    {
        using var folder = new AdapterFolder("{}");
        foreach (var module in new[] { "0.attention.q_lin", "0.attention.v_lin", "1.attention.q_lin", "1.attention.v_lin" })
        {
            folder.Tensor($"distilbert.transformer.layer.{module}.lora_A.weight", 0);
            folder.Tensor($"distilbert.transformer.layer.{module}.lora_B.weight", 0);
        }

        Assert.Contains("is [0], and 7 more: saved by DeepSpeed ZeRO-3 without gathering: empty tensors.", folder.Error().Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_checkpoint_of_empty_tensors_has_the_same_cause()
    {
        using var model = new TinyModel();
        model.Save(model.Weights.Tensors.Select(tensor => new NamedTensor(tensor.Name, [0], [])));

        var error = Assert.Throws<InputException>(() => Checkpoint.Open(model.Checkpoint));

        Assert.Contains("ZeRO-3", error.Message, StringComparison.Ordinal);
        Assert.Contains("zero_to_fp32.py", error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void A_classification_adapter_without_its_head_is_told_that_its_task_asks_for_one()
    {
        using var folder = new AdapterFolder("""{"task_type": "SEQ_CLS"}""").With("0.q_lin 0.v_lin 1.q_lin 1.v_lin");

        var error = folder.Error();

        Assert.Contains("has no trained head", error.Message, StringComparison.Ordinal);
        Assert.Contains("SEQ_CLS", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("target_modules", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Half_a_head_is_named_by_the_tensor_that_lacks()
    {
        using var folder = new AdapterFolder("""{"task_type": "SEQ_CLS"}""").With("0.q_lin 0.v_lin 1.q_lin 1.v_lin");
        folder.Tensor("pre_classifier.weight", 32, 32);
        folder.Tensor("pre_classifier.bias", 32);
        folder.Tensor("classifier.weight", 2, 32);

        Assert.Contains("'base_model.model.classifier.bias'", folder.Error().Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"rank_pattern": {"q_lin": 4, "k_lin": 2}}""", "'rank_pattern' has the pattern 'k_lin'")]
    [InlineData("""{"alpha_pattern": {"layer.9.attention.q_lin": 2}}""", "'alpha_pattern' has the pattern 'layer.9.attention.q_lin'")]
    [InlineData("""{"rank_pattern": {"query": 4}}""", "'rank_pattern' has the pattern 'query'")]
    public void A_pattern_that_matches_no_module_is_a_warning(string config, string expected)
    {
        using var folder = new AdapterFolder(config).With("0.q_lin 0.v_lin 1.q_lin 1.v_lin");

        Assert.Contains(expected, Assert.Single(folder.Load().Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"rank_pattern": {"q_lin": 4, "0.attention.q_lin": 4}}""")] // hidden behind another, but it matches
    [InlineData("""{"alpha_pattern": {"attention.(q|v)_lin": 8}}""")]
    public void Patterns_that_match_say_nothing(string config)
    {
        using var folder = new AdapterFolder(config).With("0.q_lin 0.v_lin 1.q_lin 1.v_lin");

        Assert.Empty(folder.Load().Warnings);
    }

    private static void Rename(AdapterFolder folder, Func<string, string> rename)
    {
        var path = Path.Combine(folder.Path, "adapter_model.safetensors");
        List<NamedTensor> tensors;
        using (var file = SafetensorsFile.Open(path))
        {
            tensors = [.. file.Names.Select(name => new NamedTensor(rename(name), file.ShapeOf(name), file.Read(name).Values))];
        }

        SafetensorsWriter.Write(path, tensors);
    }
}
