namespace LoraOnnx.Serving.Models;

/// <summary>
/// A model that can be named in requests: in memory, on its way into memory, or to be read again when next asked for. Members belong to the catalog's
/// lock.
/// </summary>
internal sealed class ModelSlot(ServedModel model, ModelSource source)
{
    public string Name { get; } = model.Name;

    /// <summary>May change when the model is read again.</summary>
    public string Version => Model.Version;

    /// <summary>What the user named: an ONNX file or its directory.</summary>
    public string Path => source.Path;

    /// <summary>Whether it is an adapter or a head on another model.</summary>
    public bool IsVariant => source.Variant is not null;

    /// <summary>The model, in memory or as it last was.</summary>
    public ServedModel Model { get; private set; } = model;

    public bool Loaded { get; private set; } = true;

    /// <summary>The one load that brings the model back, awaited by all who want it; null: none is going on.</summary>
    public Task? Loading { get; set; }

    /// <summary>Counts uses over all models; the smallest was used longest ago.</summary>
    public long LastUse { get; set; }

    /// <summary>Where the model can be read again. A file that changed while it was out of memory is another version.</summary>
    public ModelSource Source => source with { Name = Name, Version = Version, VersionedHash = Model.Description.Hash, Base = Model.Base?.Name };

    /// <summary>The model is back.</summary>
    public void Return(ServedModel model)
    {
        Model = model;
        Loaded = true;
    }

    /// <summary>Lets go of the model; the task ends when the last call has and its memory is free. Nothing where none is in memory.</summary>
    public Task Drain()
    {
        var wasLoaded = Loaded;
        Loaded = false;
        return wasLoaded ? Task.Run(Model.RetireAsync) : Task.CompletedTask;
    }
}
