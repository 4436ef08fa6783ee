using LoraOnnx.Model.Encoders;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Model.Adapters;

/// <summary>Writes an adapter directory byte for byte as peft 0.21 would, so that <c>PeftModel.from_pretrained</c> reads it.</summary>
public static class PeftAdapterWriter
{
    /// <summary>What peft puts before the keys of the model.</summary>
    public const string KeyPrefix = PeftTensorName.Prefix;

    /// <summary>The file that says what an adapter is.</summary>
    public const string ConfigFileName = PeftConfig.FileName;

    /// <summary>The file of its numbers.</summary>
    public const string TensorsFileName = PeftAdapterReader.TensorsFileName;

    /// <summary>The peft whose format this is.</summary>
    private const string PeftVersion = "0.21.2";

    /// <summary>Writes <paramref name="directory"/> with adapter_config.json and adapter_model.safetensors (fp32); an old one is replaced, and
    /// nothing is left on failure.</summary>
    /// <exception cref="ArgumentException">The adapter is not one that the settings describe.</exception>
    /// <exception cref="InputException">The directory cannot be written.</exception>
    public static void Write(string directory, LoraAdapter adapter, PeftAdapterSettings settings)
    {
        ArgumentNullException.ThrowIfNull(adapter);
        ArgumentNullException.ThrowIfNull(settings);
        CheckFit(adapter, settings);
        AtomicDirectory.Write(directory, temporary =>
        {
            var tensors = Tensors(adapter).DistinctBy(tensor => tensor.Name); // modules may share one
            SafetensorsWriter.Write(Path.Combine(temporary, PeftAdapterReader.TensorsFileName), tensors);
            AtomicFile.WriteText(Path.Combine(temporary, PeftConfig.FileName), ConfigText(settings));
        });
    }

    /// <summary>Modules that peft lists where the whole head is saved.</summary>
    public static IReadOnlyList<string> SavedModules(HeadLayout head)
    {
        ArgumentNullException.ThrowIfNull(head);
        return head.BeginsWithPooler ? ["pooler", "classifier", "score"] : ["classifier", "score"];
    }

    /// <summary>The text of adapter_config.json.</summary>
    public static string ConfigText(PeftAdapterSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var config = LoraConfig(settings);
        settings.Kind.Describe(config);
        return PythonJson.Print(config);
    }

    private static Dictionary<string, object?> LoraConfig(PeftAdapterSettings settings) => new()
    {
        ["alora_invocation_tokens"] = null,
        ["alpha_pattern"] = new Dictionary<string, object?>(),
        ["arrow_config"] = null,
        ["auto_mapping"] = settings.TrainedHead is not null ? null : new Dictionary<string, object?>
        {
            ["base_model_class"] = settings.Family.ClassifierClass,
            ["parent_library"] = settings.Family.ModelingModule,
        },
        ["base_model_name_or_path"] = settings.BaseModelNameOrPath,
        ["bias"] = "none",
        ["corda_config"] = null,
        ["ensure_weight_tying"] = false,
        ["eva_config"] = null,
        ["exclude_modules"] = null,
        ["fan_in_fan_out"] = false,
        ["inference_mode"] = true,
        ["init_lora_weights"] = settings.Initialisation is { } name ? name : true,
        ["kasa_config"] = null,
        ["layer_replication"] = null,
        ["layers_pattern"] = null,
        ["layers_to_transform"] = null,
        ["loftq_config"] = new Dictionary<string, object?>(),
        ["lora_alpha"] = double.IsInteger(settings.Alpha) && Math.Abs(settings.Alpha) < int.MaxValue ? (object)(int)settings.Alpha : settings.Alpha,
        ["lora_bias"] = false,
        ["lora_dropout"] = settings.Dropout,
        ["lora_ga_config"] = null,
        ["megatron_config"] = null,
        ["megatron_core"] = "megatron.core",
        ["modules_to_save"] = settings.TrainedHead is { } head ? SavedModules(head) : null,
        ["monteclora_config"] = null,
        ["peft_type"] = "LORA",
        ["peft_version"] = PeftVersion,
        ["qalora_group_size"] = 16,
        ["r"] = settings.Rank,
        ["rank_pattern"] = new Dictionary<string, object?>(),
        ["revision"] = null,
        ["target_modules"] = settings.Targets,
        ["target_parameters"] = null,
        ["task_type"] = settings.TrainedHead is null ? null : "SEQ_CLS",
        ["trainable_token_indices"] = null,
        ["use_bdlora"] = null,
        ["use_dora"] = false,
        ["use_qalora"] = false,
        ["use_rslora"] = settings.UseRsLora,
        ["velora_config"] = null,
    };

    private static IEnumerable<NamedTensor> Tensors(LoraAdapter adapter)
    {
        foreach (var module in adapter.Modules)
        {
            var prefix = PeftTensorName.Prefix + module.Module;
            foreach (var key in module.Kind.FileKeys(loraBias: false))
            {
                yield return Renamed(key.Of(module), key.NameIn(prefix));
            }
        }

        foreach (var tensor in adapter.Replacements)
        {
            yield return Renamed(tensor, PeftTensorName.Prefix + tensor.Name);
        }
    }

    private static NamedTensor Renamed(NamedTensor tensor, string name) => new(name, tensor.Shape, tensor.Values);

    private static void CheckFit(LoraAdapter adapter, PeftAdapterSettings settings)
    {
        var scale = settings.Kind.Scale(settings.Alpha, settings.Rank, settings.UseRsLora);
        foreach (var module in adapter.Modules)
        {
            if (module.Rank != settings.Rank || module.Scale != scale || module.BBias is not null || module.Kind != settings.Kind)
            {
                throw new ArgumentException($"Module '{module.Module}' has not the rank, scale or parts of the settings.", nameof(adapter));
            }
        }

        if (!adapter.Replacements.Select(tensor => tensor.Name).ToHashSet().SetEquals(settings.TrainedHead?.Keys ?? []))
        {
            throw new ArgumentException(settings.TrainedHead is not null
                ? "The adapter lacks the trained head."
                : "The adapter replaces tensors that the settings do not mention.", nameof(adapter));
        }
    }
}
