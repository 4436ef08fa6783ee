namespace LoraOnnx.Serving.Models;

/// <summary>A request names a model or version that is not served.</summary>
internal sealed class ModelNotFoundException(string name, string version, IEnumerable<string> available)
    : Exception($"no model '{name}{(version.Length == 0 ? "" : $"@{version}")}'; "
        + $"there {(available.Any() ? $"are: {string.Join(", ", available)}" : "is none")}.");
