namespace LoraOnnx.Serving.Models;

/// <summary>A model of that name and version is served already.</summary>
internal sealed class ModelExistsException(string name, string version)
    : Exception($"model '{name}@{version}' is served already; swap it, or give another version.");
