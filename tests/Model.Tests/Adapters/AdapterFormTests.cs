using LoraOnnx.Model.Adapters.Kinds;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Model.Tests.Adapters;

/// <summary>Forms of adapters that peft writes beyond the golden ones; what each means is worked out from peft's source by hand.</summary>
public sealed class AdapterFormTests
{
    private const string All = "0.q_lin 0.v_lin 1.q_lin 1.v_lin";

    [Theory]
    [InlineData("""{"target_modules": "all-linear", "exclude_modules": ["lin1", "lin2", "out_lin", "k_lin", "pre_classifier", "classifier"]}""", All)]
    [InlineData("""{"exclude_modules": ["distilbert.transformer.layer.1.attention.v_lin"]}""", "0.q_lin 0.v_lin 1.q_lin")]
    [InlineData("""{"exclude_modules": ".*layer\\.0\\..*"}""", "1.q_lin 1.v_lin")]
    [InlineData("""{"exclude_modules": "layer.0"}""", All)] // a pattern is for whole names
    [InlineData("""{"exclude_modules": ["lin"]}""", All)] // a name in a list ends at a dot
    [InlineData("""{"target_modules": ["layer.1.attention.q_lin"]}""", "1.q_lin")]
    [InlineData("""{"target_modules": ".*\\.1\\.attention\\.(q|v)_lin"}""", "1.q_lin 1.v_lin")]
    [InlineData("""{"target_modules": "(?P<any>.*)\\.[qv]_lin\\Z"}""", All)] // spellings of Python's re
    [InlineData("""{"layers_to_transform": 1}""", "1.q_lin 1.v_lin")]
    [InlineData("""{"layers_to_transform": [0], "layers_pattern": "layer"}""", "0.q_lin 0.v_lin")]
    [InlineData("""{"layers_to_transform": [0], "layers_pattern": ["h", "layer"]}""", "0.q_lin 0.v_lin")]
    [InlineData("""{"layers_to_transform": []}""", All)]
    // names in full are not limited
    [InlineData("""{"target_modules": ["q_lin", "distilbert.transformer.layer.1.attention.v_lin"], "layers_to_transform": [0]}""", "0.q_lin 1.v_lin")]
    public void Modules_are_chosen_as_peft_chooses_them(string config, string modules)
    {
        using var folder = new AdapterFolder(config).With(modules);

        Assert.Equal(modules, folder.Modules());
    }

    [Theory]
    [InlineData("""{"rank_pattern": {"q_lin": 2}}""", 2, 4.0)]
    [InlineData("""{"rank_pattern": {"layer.0.attention.q_lin": 2, "q_lin": 3}}""", 2, 4.0)] // the first that matches
    [InlineData("""{"rank_pattern": {"q_lin": 3, "layer.0.attention.q_lin": 2}}""", 3, 8.0 / 3)]
    [InlineData("""{"rank_pattern": {".*0.attention.q_lin": 2}}""", 2, 4.0)]
    [InlineData("""{"rank_pattern": {"in": 2, "lin": 2}}""", 4, 2.0)] // ends of names begin at a dot
    [InlineData("""{"alpha_pattern": {"q_lin": 2}}""", 4, 0.5)]
    [InlineData("""{"alpha_pattern": {"^distilbert.transformer.layer.0.attention.q_lin": 2.5}}""", 4, 0.625)]
    [InlineData("""{"use_rslora": true}""", 4, 4.0)]
    [InlineData("""{"use_rslora": true, "rank_pattern": {"q_lin": 9}, "alpha_pattern": {"q_lin": 6}}""", 9, 2.0)]
    [InlineData("""{"lora_alpha": 3, "r": 5}""", 5, 0.6)]
    [InlineData("""{"fan_in_fan_out": false, "lora_dropout": 0.1, "inference_mode": false, "revision": "main"}""", 4, 2.0)]
    public void Rank_and_scale_of_a_module_follow_the_patterns(string config, int rank, double scale)
    {
        var fields = config.Insert(1, "\"target_modules\": [\"layer.0.attention.q_lin\"], ");
        using var folder = new AdapterFolder(fields).With("0.q_lin", rank);

        var module = Assert.Single(folder.Load().Modules);

        Assert.Equal(rank, module.Rank);
        Assert.Equal(scale, module.Scale, 1e-12);
    }

    [Fact]
    public void Keys_of_the_model_in_memory_are_accepted()
    {
        using var folder = new AdapterFolder("""{"modules_to_save": ["classifier"], "use_dora": true}""").With(All, adapterName: ".default");
        foreach (var module in All.Split(' '))
        {
            folder.Tensor($"distilbert.transformer.layer.{module[..1]}.attention.{module[2..]}.lora_magnitude_vector.default.weight", 32);
        }

        // modules_to_save matches ends of names: classifier means pre_classifier too.
        foreach (var module in new[] { "pre_classifier", "classifier" })
        {
            var rows = module == "classifier" ? 2 : 32;
            foreach (var part in new[] { "original_module", "modules_to_save.default" })
            {
                folder.Tensor($"{module}.{part}.weight", rows, 32);
                folder.Tensor($"{module}.{part}.bias", rows);
            }
        }

        var adapter = folder.Load();

        Assert.Equal(4, adapter.Modules.Count(module => module.Kind == LinearAdapters.Dora));
        Assert.Equal(["pre_classifier.weight", "pre_classifier.bias", "classifier.weight", "classifier.bias"],
            adapter.Replacements.Select(tensor => tensor.Name));
    }

    [Fact]
    public void Bias_all_brings_every_bias_of_the_model()
    {
        using var folder = new AdapterFolder("""{"bias": "all"}""").With(All);
        var expected = new Dictionary<string, float[]>();
        foreach (var tensor in folder.Model.Weights.Tensors.Where(tensor => tensor.Name.EndsWith(".bias", StringComparison.Ordinal)))
        {
            var adapted = tensor.Name.Contains("q_lin", StringComparison.Ordinal) || tensor.Name.Contains("v_lin", StringComparison.Ordinal);
            expected[tensor.Name] = folder.Tensor(
                adapted ? tensor.Name.Replace(".bias", ".base_layer.bias", StringComparison.Ordinal) : tensor.Name, tensor.Shape[0]);
        }

        var adapter = folder.Load();

        Assert.Equal(19, expected.Count); // embeddings, 2 layers of 6 linear modules and 2 norms, 2 of the head
        Assert.Equal(expected.Keys, adapter.Replacements.Select(tensor => tensor.Name));
        Assert.All(adapter.Replacements, tensor => Assert.Equal(expected[tensor.Name], tensor.Values));
    }

    [Fact]
    public void Bias_all_of_a_classification_adapter_has_the_head_three_times_and_the_trained_one_counts()
    {
        using var folder = new AdapterFolder(
            """{"bias": "all", "task_type": "SEQ_CLS", "target_modules": ["layer.0.attention.q_lin"]}""").With("0.q_lin");
        foreach (var tensor in folder.Model.Weights.Tensors.SkipLast(4).Where(tensor => tensor.Name.EndsWith(".bias", StringComparison.Ordinal)))
        {
            folder.Tensor(tensor.Name.Replace("layer.0.attention.q_lin.", "layer.0.attention.q_lin.base_layer.", StringComparison.Ordinal),
                tensor.Shape[0]);
        }

        float[] classifier = [];
        foreach (var (module, rows) in new[] { ("pre_classifier", 32), ("classifier", 2) })
        {
            folder.Tensor($"{module}.original_module.bias", rows);
            folder.Tensor($"{module}.modules_to_save.bias", rows);
            folder.Tensor($"{module}.weight", rows, 32);
            classifier = folder.Tensor($"{module}.bias", rows);
        }

        Assert.Equal(classifier, folder.Load().Replacements[^1].Values);
    }

    [Fact]
    public void Any_module_may_be_saved_whole()
    {
        using var folder = new AdapterFolder("""{"modules_to_save": ["sa_layer_norm"]}""").With(All);
        var gain = folder.Tensor("distilbert.transformer.layer.0.sa_layer_norm.weight", 32);
        folder.Tensor("distilbert.transformer.layer.0.sa_layer_norm.bias", 32);
        folder.Tensor("distilbert.transformer.layer.1.sa_layer_norm.weight", 32);
        folder.Tensor("distilbert.transformer.layer.1.sa_layer_norm.bias", 32);

        var replacements = folder.Load().Replacements;

        Assert.Equal(4, replacements.Count);
        Assert.Equal(gain, replacements.Single(tensor => tensor.Name == "distilbert.transformer.layer.0.sa_layer_norm.weight").Values);
    }

    [Fact]
    public void The_word_embedding_may_have_been_saved_too()
    {
        using var folder = new AdapterFolder("{}").With(All);
        folder.Tensor("distilbert.embeddings.word_embeddings.weight", 60, 32);

        Assert.Equal("distilbert.embeddings.word_embeddings.weight", Assert.Single(folder.Load().Replacements).Name);
    }

    [Theory]
    [InlineData(TensorType.F16)]
    [InlineData(TensorType.BF16)]
    public void Half_precision_is_widened(TensorType type)
    {
        using var folder = new AdapterFolder("{}").With(All);

        Assert.All(folder.Load(type).Modules,
            module => Assert.All(module.A.Values,
                value => Assert.Equal(value, type == TensorType.F16
                    ? (float)(Half)value
                    : BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(value) & ~0xFFFF))));
    }

    [Fact]
    public void A_pickled_adapter_is_refused_with_the_command_that_converts_it()
    {
        using var folder = new AdapterFolder("{}");
        File.WriteAllText(Path.Combine(folder.Path, "adapter_model.bin"), "pickle");

        var error = Assert.Throws<InputException>(() => LoraOnnx.Model.Adapters.LoraAdapter.Load(folder.Path, folder.Model.Config));

        Assert.Contains("adapter_model.safetensors: no such file", error.Message, StringComparison.Ordinal);
        Assert.Contains($"torch.load('{folder.Path}/adapter_model.bin'", error.Hint, StringComparison.Ordinal);
        Assert.Contains($"s.save_file(", error.Hint, StringComparison.Ordinal);
        Assert.Contains("weights_only=True", error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void The_folder_of_a_named_adapter_is_pointed_out()
    {
        using var folder = new AdapterFolder("{}");
        var named = Path.Combine(folder.Path, "sentiment");
        Directory.CreateDirectory(named);
        File.Move(Path.Combine(folder.Path, "adapter_config.json"), Path.Combine(named, "adapter_config.json"));

        var error = Assert.Throws<InputException>(() => LoraOnnx.Model.Adapters.LoraAdapter.Load(folder.Path, folder.Model.Config));

        Assert.Contains("has no adapter_config.json", error.Message, StringComparison.Ordinal);
        Assert.Contains(named, error.Hint, StringComparison.Ordinal);
    }
}
