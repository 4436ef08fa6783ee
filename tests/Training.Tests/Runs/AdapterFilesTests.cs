using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Training.Tests.Runs;

/// <summary>The adapter that lora-train leaves is what <c>save_pretrained</c> of peft 0.21 writes: file names, keys and their order, shapes, types,
/// metadata, and every line of the config.</summary>
public sealed class AdapterFilesTests : IDisposable
{
    private readonly TinyTask _task = new(trainTexts: 8, validationTexts: 4);

    public void Dispose() => _task.Dispose();

    [Fact]
    public void Adapters_alone()
    {
        TrainedRun.Train(
            _task.Arguments(_task.Run, "--epochs", "1", "--method", "lora", "--rank", "2", "--alpha", "3", "--targets", "q_lin,v_lin",
                "--lora-dropout", "0.05"));

        AssertFiles(
            """
            base_model.model.distilbert.transformer.layer.0.attention.q_lin.lora_A.weight F32 [2, 32]
            base_model.model.distilbert.transformer.layer.0.attention.q_lin.lora_B.weight F32 [32, 2]
            base_model.model.distilbert.transformer.layer.0.attention.v_lin.lora_A.weight F32 [2, 32]
            base_model.model.distilbert.transformer.layer.0.attention.v_lin.lora_B.weight F32 [32, 2]
            base_model.model.distilbert.transformer.layer.1.attention.q_lin.lora_A.weight F32 [2, 32]
            base_model.model.distilbert.transformer.layer.1.attention.q_lin.lora_B.weight F32 [32, 2]
            base_model.model.distilbert.transformer.layer.1.attention.v_lin.lora_A.weight F32 [2, 32]
            base_model.model.distilbert.transformer.layer.1.attention.v_lin.lora_B.weight F32 [32, 2]
            """);
        AssertConfig("""
              "auto_mapping": {
                "base_model_class": "DistilBertForSequenceClassification",
                "parent_library": "transformers.models.distilbert.modeling_distilbert"
              },
            """, alpha: 3, dropout: "0.05", "null", """
              "target_modules": [
                "q_lin",
                "v_lin"
              ],
            """, taskType: "null", useDora: "false");
    }

    [Fact]
    public void Adapter_and_head_have_cards_with_the_base_its_hash_and_the_figures_and_the_base_has_the_name_that_is_asked_for()
    {
        TrainedRun.Train(_task.Arguments(_task.Run, "--epochs", "1", "--method", "lora+head", "--rank", "2", "--base-name", "acme/reviews"));

        var record = Model.Runs.RunDirectory.Open(_task.Run).Record;
        Assert.Contains("\"base_model_name_or_path\": \"acme/reviews\"", File.ReadAllText(Path.Combine(_task.Run, "adapter", "adapter_config.json")),
            StringComparison.Ordinal);
        foreach (var folder in new[] { "adapter", "head" })
        {
            var card = File.ReadAllText(Path.Combine(_task.Run, folder, "README.md"));
            Assert.StartsWith($"---\nbase_model: \"acme/reviews\"\nbase_model_sha256: {record.ModelHash}\n", card, StringComparison.Ordinal);
            Assert.Contains(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"| trained | {record.Validation!.F1:P1} | "), card,
                StringComparison.Ordinal);
            Assert.DoesNotContain(_task.Model, card, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Adapters_with_a_trained_head()
    {
        TrainedRun.Train(_task.Arguments(_task.Run, "--epochs", "1", "--method", "lora+head", "--rank", "2", "--targets", "q_lin", "--dora"));

        AssertFiles(
            """
            base_model.model.classifier.bias F32 [2]
            base_model.model.classifier.weight F32 [2, 32]
            base_model.model.distilbert.transformer.layer.0.attention.q_lin.lora_A.weight F32 [2, 32]
            base_model.model.distilbert.transformer.layer.0.attention.q_lin.lora_B.weight F32 [32, 2]
            base_model.model.distilbert.transformer.layer.0.attention.q_lin.lora_magnitude_vector F32 [32]
            base_model.model.distilbert.transformer.layer.1.attention.q_lin.lora_A.weight F32 [2, 32]
            base_model.model.distilbert.transformer.layer.1.attention.q_lin.lora_B.weight F32 [32, 2]
            base_model.model.distilbert.transformer.layer.1.attention.q_lin.lora_magnitude_vector F32 [32]
            base_model.model.pre_classifier.bias F32 [32]
            base_model.model.pre_classifier.weight F32 [32, 32]
            """);
        AssertConfig("""
              "auto_mapping": null,
            """, alpha: 4, dropout: "0.0", """
            [
                "classifier",
                "score"
              ]
            """, """
              "target_modules": [
                "q_lin"
              ],
            """, taskType: "\"SEQ_CLS\"", useDora: "true");
    }

    private string Adapter => Path.Combine(_task.Run, "adapter");

    private void AssertFiles(string expected)
    {
        Assert.Equal(["README.md", "adapter_config.json", "adapter_model.safetensors"],
            Directory.GetFileSystemEntries(Adapter).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        using var file = SafetensorsFile.Open(Path.Combine(Adapter, "adapter_model.safetensors"));
        Assert.Equal([new("format", "pt")], file.Metadata);
        Assert.Equal(
            expected, string.Join('\n', file.Names.Select(name => $"{name} {file.TypeOf(name)} {NamedTensor.Describe(file.ShapeOf(name))}")));
    }

    private void AssertConfig(string autoMapping, int alpha, string dropout, string modulesToSave, string targets, string taskType, string useDora) =>
        Assert.Equal(
        $$"""
        {
          "alora_invocation_tokens": null,
          "alpha_pattern": {},
          "arrow_config": null,
        {{autoMapping}}
          "base_model_name_or_path": "{{Path.GetFileName(_task.Model)}}",
          "bias": "none",
          "corda_config": null,
          "ensure_weight_tying": false,
          "eva_config": null,
          "exclude_modules": null,
          "fan_in_fan_out": false,
          "inference_mode": true,
          "init_lora_weights": true,
          "kasa_config": null,
          "layer_replication": null,
          "layers_pattern": null,
          "layers_to_transform": null,
          "loftq_config": {},
          "lora_alpha": {{alpha}},
          "lora_bias": false,
          "lora_dropout": {{dropout}},
          "lora_ga_config": null,
          "megatron_config": null,
          "megatron_core": "megatron.core",
          "modules_to_save": {{modulesToSave}},
          "monteclora_config": null,
          "peft_type": "LORA",
          "peft_version": "0.21.2",
          "qalora_group_size": 16,
          "r": 2,
          "rank_pattern": {},
          "revision": null,
        {{targets}}
          "target_parameters": null,
          "task_type": {{taskType}},
          "trainable_token_indices": null,
          "use_bdlora": null,
          "use_dora": {{useDora}},
          "use_qalora": false,
          "use_rslora": false,
          "velora_config": null
        }
        """,
        File.ReadAllText(Path.Combine(Adapter, "adapter_config.json")));
}
