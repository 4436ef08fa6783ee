namespace LoraOnnx.Serving.Models;

/// <summary>A model that can be named in requests; in memory, or to be read again when next asked for. Members belong to the catalog's lock.</summary>
internal sealed class ModelSlot(ServedModel model, string path)
{
    public string Name { get; } = model.Name;

    /// <summary>May change when the model is read again.</summary>
    public string Version => Model.Version;

    /// <summary>What the user named: an ONNX file or its directory.</summary>
    public string Path { get; } = path;

    /// <summary>The model, in memory or as it last was.</summary>
    public ServedModel Model { get; set; } = model;

    public bool Loaded { get; set; } = true;

    /// <summary>Counts uses over all models; the smallest was used longest ago.</summary>
    public long LastUse { get; set; }
}
