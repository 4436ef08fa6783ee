using System.Text;
using LoraOnnx.Model.Adapters;

namespace LoraOnnx.Model.Tests.Adapters;

/// <summary>Every field of peft's LoraConfig from version 0.2 to 0.21: read, harmless, or refused by name and value. The table in docs/formats.md is
/// this one in words.</summary>
public sealed class AdapterConfigTests
{
    [Theory]
    [InlineData("\"peft_type\": \"LOHA\"", "'peft_type' is 'LOHA', expected 'LORA'")]
    [InlineData("\"alora_invocation_tokens\": [5, 6]", "'alora_invocation_tokens' is the list [5, 6], which is not supported")]
    // as files have it
    [InlineData("\"alora_invocation_tokens\": [\n    5,\n    6\n  ]", "'alora_invocation_tokens' is the list [5, 6], which is not supported")]
    [InlineData("\"arrow_config\": {\"top_k\": 3}", "'arrow_config' is an object, which is not supported")]
    [InlineData("\"enable_lora\": [true, false, true]", "'enable_lora' is the list [true, false, true], which is not supported")]
    [InlineData("\"kasa_config\": {\"beta\": 1}", "'kasa_config' is an object, which is not supported")]
    [InlineData("\"layer_replication\": [[0, 2], [1, 2]]", "'layer_replication' is the list [[0, 2], [1, 2]], which is not supported")]
    [InlineData("\"megatron_config\": {\"a\": 1}", "'megatron_config' is an object, which is not supported")]
    [InlineData("\"monteclora_config\": {\"num_samples\": 8}", "'monteclora_config' is an object, which is not supported")]
    [InlineData("\"target_parameters\": [\"experts\"]", "'target_parameters' is the list [\"experts\"], which is not supported")]
    [InlineData("\"trainable_token_indices\": [3]", "'trainable_token_indices' is the list [3], which is not supported")]
    [InlineData("\"trainable_token_indices\": {\"word_embeddings\": [3]}", "'trainable_token_indices' is an object, which is not supported")]
    [InlineData("\"use_bdlora\": {\"nblocks\": 2}", "'use_bdlora' is an object, which is not supported")]
    [InlineData("\"use_qalora\": true", "'use_qalora' is true, which is not supported")]
    [InlineData("\"init_lora_weights\": \"pissa\"", "'init_lora_weights' is \"pissa\", which is not supported")]
    [InlineData("\"init_lora_weights\": \"pissa_niter_16\"", "'init_lora_weights' is \"pissa_niter_16\", which is not supported")]
    [InlineData("\"init_lora_weights\": \"olora\"", "'init_lora_weights' is \"olora\", which is not supported")]
    [InlineData("\"init_lora_weights\": \"corda\"", "'init_lora_weights' is \"corda\", which is not supported")]
    [InlineData("\"init_lora_weights\": \"loftq\"", "'init_lora_weights' is \"loftq\", which is not supported")]
    [InlineData("\"init_lora_weights\": \"lora_ga\"", "'init_lora_weights' is \"lora_ga\", which is not supported")]
    [InlineData("\"init_lora_weights\": 3", "'init_lora_weights' is 3, which is not supported")]
    [InlineData("\"use_tensor_trains\": true", "'use_tensor_trains' is true, a variant of LoRA that this version does not know")]
    [InlineData("\"new_variant_config\": {\"a\": 1}", "'new_variant_config' is an object, a variant of LoRA that this version does not know")]
    [InlineData("\"bias\": \"some\"", "'bias' is 'some', expected 'none', 'all' or 'lora_only'")]
    [InlineData("\"r\": 0", "'r' is 0, expected a whole number from 1")]
    [InlineData("\"r\": \"8\"", "'r' is \"8\", expected a whole number")]
    [InlineData("\"lora_alpha\": \"16\"", "'lora_alpha' is \"16\", expected a number")]
    [InlineData("\"use_rslora\": \"yes\"", "'use_rslora' is \"yes\", expected true or false")]
    [InlineData("\"rank_pattern\": {\"q_lin\": 0}", "'rank_pattern: q_lin' is 0, expected a whole number from 1")]
    [InlineData("\"rank_pattern\": [2]", "'rank_pattern' is the list [2], expected an object")]
    [InlineData("\"target_modules\": null", "'target_modules' is missing or empty")]
    [InlineData("\"target_modules\": []", "'target_modules' is missing or empty")]
    [InlineData("\"target_modules\": [1]", "'target_modules' is the list [1], expected a list of strings")]
    [InlineData("\"target_modules\": \"all-linear\", \"layers_to_transform\": [0]",
        "'target_modules' is the pattern 'all-linear', with which 'layers_to_transform' and 'layers_pattern' cannot be used")]
    [InlineData("\"layers_pattern\": \"layer\"", "'layers_pattern' is set and 'layers_to_transform' is not")]
    [InlineData("\"lora_bias\": true, \"use_dora\": true", "peft has no such combination")]
    public void What_is_wrong_or_not_supported_is_named_with_its_value(string fields, string message) =>
        Assert.Contains(message, Assert.Throws<InputException>(() => Parse(fields)).Message, StringComparison.Ordinal);

    /// <summary>Off, empty, or about training only.</summary>
    [Theory]
    [InlineData("\"alora_invocation_tokens\": null, \"arrow_config\": null, \"kasa_config\": null, \"layer_replication\": null, "
        + "\"megatron_config\": null, \"monteclora_config\": null")]
    [InlineData("\"target_parameters\": [], \"trainable_token_indices\": null, \"use_bdlora\": null, \"use_qalora\": false, \"qalora_group_size\": "
        + "16, \"enable_lora\": null, \"merge_weights\": false")]
    [InlineData("\"init_lora_weights\": true, \"loftq_config\": {}, \"eva_config\": null, \"corda_config\": null, \"lora_ga_config\": null, "
        + "\"velora_config\": null")]
    [InlineData("\"init_lora_weights\": false")]
    [InlineData("\"init_lora_weights\": \"gaussian\"")]
    [InlineData("\"init_lora_weights\": \"orthogonal\"")]
    [InlineData("\"init_lora_weights\": \"eva\", \"eva_config\": {\"rho\": 2.0}")]
    [InlineData("\"init_lora_weights\": \"mica\"")]
    [InlineData("\"velora_config\": {\"num_groups\": 4}")]
    [InlineData("\"auto_mapping\": {\"base_model_class\": \"DistilBertForSequenceClassification\"}, \"base_model_name_or_path\": \"x\", "
        + "\"revision\": \"main\", \"peft_version\": \"0.21.2\", \"inference_mode\": true")]
    [InlineData("\"lora_dropout\": 0.3, \"megatron_core\": \"megatron.core\", \"ensure_weight_tying\": true, \"runtime_config\": "
        + "{\"ephemeral_gpu_offload\": false}")]
    [InlineData("\"task_type\": \"SEQ_CLS\", \"modules_to_save\": [\"classifier\", \"score\"]")]
    public void What_does_not_change_the_maths_is_silent(string fields) => Assert.Empty(Parse(fields).Warnings);

    [Theory]
    [InlineData("\"fan_in_fan_out\": true", "'fan_in_fan_out' is true; ignored, as peft does for linear modules")]
    [InlineData("\"my_note\": \"v7\"", "'my_note' is \"v7\"; unknown and ignored")]
    [InlineData("\"num_layers\": 12", "'num_layers' is 12; unknown and ignored")]
    public void What_is_unknown_and_harmless_is_a_warning(string fields, string message) =>
        Assert.Contains(message, Assert.Single(Parse(fields).Warnings), StringComparison.Ordinal);

    private static PeftConfig Parse(string fields)
    {
        var type = fields.Contains("peft_type", StringComparison.Ordinal) ? "" : "\"peft_type\": \"LORA\", ";
        var targets = fields.Contains("target_modules", StringComparison.Ordinal) ? "" : "\"target_modules\": [\"q_lin\"], ";
        return PeftConfig.Parse("adapter_config.json", Encoding.UTF8.GetBytes($"{{{type}{targets}{fields}}}"));
    }
}
