using LoraOnnx.Serving.Models;

namespace LoraOnnx.Serving.Calls;

/// <summary>Whether the server and its models take calls, for probes.</summary>
internal sealed class ServerReadiness(ModelCatalog catalog, ServerState state)
{
    /// <summary>There is a model, and the server is not draining.</summary>
    public bool IsReady => !state.Stopping.IsCancellationRequested && catalog.Models.Count > 0;

    /// <summary>The model can be named; empty version: any.</summary>
    public bool IsModelReady(string name, string version) => !state.Stopping.IsCancellationRequested
        && catalog.Models.Any(entry => entry.Model.Name == name && (version.Length == 0 || entry.Model.Version == version));
}
