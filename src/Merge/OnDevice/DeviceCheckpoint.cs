using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Merge.OnDevice;

/// <summary>The parameters of a training on a device, as ONNX Runtime's <c>CheckpointState</c> keeps them; and notes, which it carries
/// along.</summary>
internal sealed record DeviceCheckpoint(
    IReadOnlyList<NamedTensor> Learning, IReadOnlyList<NamedTensor> Frozen, IReadOnlyDictionary<string, string> Notes)
{
    /// <summary>The note with adapter_config.json of the adapters.</summary>
    public const string AdapterConfig = "lora_onnx.adapter_config";

    /// <summary>The note with the base as it is named.</summary>
    public const string BaseModel = "lora_onnx.base_model";

    /// <summary>The note with config.json, where the classes are not those of the base.</summary>
    public const string Config = "lora_onnx.config";

    /// <summary>Writes the file.</summary>
    /// <exception cref="InputException">It would be larger than the format can be.</exception>
    public static void Write(string path, DeviceCheckpoint checkpoint) => CheckpointFile.Write(path, checkpoint);
}
