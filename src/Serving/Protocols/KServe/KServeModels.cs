using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Models;
using TritonInference;

namespace LoraOnnx.Serving.Protocols.KServe;

/// <summary>The calls of KServe v2 about models, apart from their transport: descriptions are the same messages in both.</summary>
internal sealed class KServeModels(ModelChanges changes, ModelCatalog catalog, ModelRepository repository, ServingOptions options)
{
    public async Task<CallResult<ModelMetadataResponse>> MetadataAsync(string name, string version, CancellationToken cancellationToken)
    {
        var (lease, error) = await catalog.AcquireAsync(name, version, cancellationToken);
        if (lease is null)
        {
            return error!; // one of the two is set
        }

        using (lease)
        {
            return KServeDescriptions.Metadata(lease.Model, Served(lease.Model.Name).Select(model => model.Version));
        }
    }

    public async Task<CallResult<ModelConfig>> ConfigAsync(string name, string version, CancellationToken cancellationToken)
    {
        var (lease, error) = await catalog.AcquireAsync(name, version, cancellationToken);
        if (lease is null)
        {
            return error!; // one of the two is set
        }

        using (lease)
        {
            return KServeDescriptions.Config(lease.Model, options.MaxBatchTexts);
        }
    }

    /// <summary>Of one model, or of all when no name is given.</summary>
    public CallResult<ModelStatisticsResponse> Statistics(string name, string version)
    {
        ServedModel[] wanted = [.. catalog.Visible.Select(entry => entry.Model)
            .Where(model => (name.Length == 0 || model.Name == name) && (version.Length == 0 || model.Version == version))];
        return name.Length > 0 && wanted.Length == 0
            ? new CallError(ErrorKind.NotFound, $"no model '{CallError.Shown(name)}'{(version.Length > 0
                ? $" of version '{CallError.Shown(version)}'"
                : "")}.", "name")
            : new ModelStatisticsResponse { ModelStats = { wanted.Select(KServeDescriptions.Statistics) } };
    }

    /// <summary>The models that are served, and those of the --models directory that could be.</summary>
    public RepositoryIndexResponse Index(bool readyOnly)
    {
        var served = catalog.Visible.Select(entry => entry.Model).ToArray();
        var response = new RepositoryIndexResponse();
        response.Models.Add(served
            .Select(model => new RepositoryIndexResponse.Types.ModelIndex { Name = model.Name, Version = model.Version, State = "READY" }));
        if (!readyOnly)
        {
            response.Models.Add(repository.Names.Except(served.Select(model => model.Name))
                .Select(name => new RepositoryIndexResponse.Types.ModelIndex { Name = name, State = "UNAVAILABLE", Reason = "not loaded" }));
        }

        return response;
    }

    /// <summary>
    /// Loads a model of the --models directory, or reads a served one again and swaps it. Triton's parameters, which replace the configuration or the
    /// files, are refused.
    /// </summary>
    /// <returns>What is wrong, or null.</returns>
    public async Task<CallError?> LoadAsync(string name, string? parameter, CancellationToken cancellationToken)
    {
        if (parameter is not null)
        {
            return new CallError(
                ErrorKind.Unimplemented,
                    $"parameters: '{CallError.Shown(parameter)}' is not taken; a model is served as the files in its folder say.", "parameters");
        }

        if (Served(name).Any())
        {
            return (await changes.SwapAsync(name, "", "", cancellationToken)).Error;
        }

        return repository.SourceOf(name) is not null
            ? (await changes.LoadAsync(name, "", path: "", onto: "", weight: null, cancellationToken)).Error
            : new CallError(
                ErrorKind.NotFound, $"no model '{CallError.Shown(name)}' is served, and there is no such folder in the --models directory.",
                    "model_name");
    }

    /// <returns>What is wrong, or null.</returns>
    public Task<CallError?> UnloadAsync(string name, CancellationToken cancellationToken) => changes.UnloadAsync(name, "", cancellationToken);

    private IEnumerable<ServedModel> Served(string name) => catalog.Visible.Select(entry => entry.Model).Where(model => model.Name == name);
}
