using System.Text.Json;
using LoraOnnx.Model.Adapters.Kinds;

namespace LoraOnnx.Model.Adapters;

/// <summary>Which keys of adapter_config.json are read, ignored or refused. The table in docs/formats.md is this one in words.</summary>
internal static class PeftConfigKeys
{
    /// <summary>Keys that <see cref="PeftConfig"/> and the kinds of adapters read.</summary>
    private static readonly HashSet<string> _read =
    [
        "bias", "exclude_modules", "layers_pattern", "layers_to_transform", "modules_to_save", "peft_type", "r", "rank_pattern", "target_modules",
        "task_type", .. LinearAdapters.All.SelectMany(kind => kind.ConfigKeys),
    ];

    /// <summary>Keys that say how the adapter was initialised, trained or found, and do not change what it computes.</summary>
    private static readonly HashSet<string> _harmless =
    [
        "auto_mapping", "base_model_name_or_path", "corda_config", "ensure_weight_tying", "eva_config", "fan_in_fan_out", "inference_mode",
        "init_lora_weights", "loftq_config", "lora_dropout", "lora_ga_config", "megatron_core", "merge_weights", "peft_version", "qalora_group_size",
        "revision", "runtime_config", "velora_config",
    ];

    /// <summary>Keys that change what the adapter computes in a way that cannot be folded into the weights of this model.</summary>
    private static readonly Dictionary<string, string> _refused = new()
    {
        ["alora_invocation_tokens"] = "an activated LoRA changes only the tokens after its invocation, so it has no merged form.",
        ["arrow_config"] = "Arrow chooses between adapters token by token, so it has no merged form.",
        ["enable_lora"] = "the merged layers of peft 0.2, where parts of a layer are adapted, are not supported.",
        ["kasa_config"] = "KaSA changes the weights of the base.",
        ["layer_replication"] = "it changes the number of layers of the base.",
        ["megatron_config"] = "Megatron's parallel layers are not supported.",
        ["monteclora_config"] = "it samples the weights anew in each pass, so it has no merged form.",
        ["target_parameters"] = "only linear modules (target_modules) are supported.",
        ["trainable_token_indices"] = "trained token embeddings are not supported.",
        ["use_bdlora"] = "block-diagonal factors are not supported.",
        ["use_qalora"] = "QA-LoRA pools the inputs of quantised layers.",
    };

    /// <summary>Ways of initialising that leave the base as it was. The others take A and B out of the base's weights.</summary>
    private static readonly HashSet<string> _additiveInitialisations = ["gaussian", "eva", "orthogonal", "mica"];

    /// <summary>Returns a warning for each key that is ignored although it says something.</summary>
    /// <exception cref="InputException">A key changes the maths and is not supported.</exception>
    public static IReadOnlyList<string> Check(string path, JsonFields fields)
    {
        var warnings = new List<string>();
        foreach (var (name, value) in fields.Entries())
        {
            if (_read.Contains(name))
            {
                continue;
            }

            if (_refused.TryGetValue(name, out var reason) && IsSet(value))
            {
                throw InputException.InFile(path, $"'{name}' is {JsonFields.Describe(value)}, which is not supported: {reason}");
            }

            if (name == "init_lora_weights")
            {
                CheckInitialisation(path, fields, value);
            }
            else if (name == "fan_in_fan_out" && IsSet(value))
            {
                warnings.Add($"{path}: 'fan_in_fan_out' is {JsonFields.Describe(value)}; ignored, as peft does for linear modules.");
            }
            else if (!_harmless.Contains(name) && !_refused.ContainsKey(name) && IsSet(value))
            {
                // peft names its variants this way; a new one would be merged wrongly.
                if (name.StartsWith("use_", StringComparison.Ordinal) || name.EndsWith("_config", StringComparison.Ordinal))
                {
                    throw InputException.InFile(path,
                        $"'{name}' is {JsonFields.Describe(value)}, a variant of LoRA that this version does not know.");
                }

                warnings.Add($"{path}: '{name}' is {JsonFields.Describe(value)}; unknown and ignored.");
            }
        }

        return warnings;
    }

    private static void CheckInitialisation(string path, JsonFields fields, JsonElement value)
    {
        var isAdditive = value.ValueKind switch
        {
            JsonValueKind.True or JsonValueKind.False or JsonValueKind.Null => true,
            JsonValueKind.String => _additiveInitialisations.Contains(fields.TextOf(value, "init_lora_weights").ToLowerInvariant()),
            _ => false,
        };
        if (!isAdditive)
        {
            throw InputException.InFile(path,
                $"'init_lora_weights' is {JsonFields.Describe(value)}, which is not supported: the adapter fits only a base whose weights were "
                    + "changed at the start of training.",
                "save it in peft with save_pretrained(DIR, path_initial_model_for_weight_conversion=INITIAL_ADAPTER), which makes a plain LoRA "
                    + "adapter of it.");
        }
    }

    /// <summary>False for null, false, zero and empty values: they say that a feature is off.</summary>
    private static bool IsSet(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False or JsonValueKind.Undefined => false,
        JsonValueKind.Number => !value.TryGetDouble(out var number) || number != 0,
        JsonValueKind.String => value.GetRawText() is not "\"\"",
        JsonValueKind.Array => value.GetArrayLength() > 0,
        JsonValueKind.Object => value.EnumerateObject().MoveNext(),
        _ => true,
    };
}
