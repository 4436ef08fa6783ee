using Grpc.Core;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Models;
using LoraOnnx.Serving.Protocols.Grpc;
using TritonInference;

namespace LoraOnnx.Serving.Protocols.KServe;

/// <summary>The calls of KServe v2 about models, apart from their transport. Errors are <see cref="RpcException"/>s.</summary>
internal sealed class KServeModels(
    SentimentCalls sentiment, ModelCatalog catalog, ModelRepository repository, ServerState state, ServingOptions options, ILogger<KServeModels> logger)
{
    /// <summary>Ready: there is a model, and the server is not draining.</summary>
    public bool IsReady => !state.Stopping.IsCancellationRequested && catalog.Models.Count > 0;

    public bool IsModelReady(string name, string version) =>
        !state.Stopping.IsCancellationRequested && Served(name).Any(model => version.Length == 0 || model.Version == version);

    public async Task<ModelMetadataResponse> MetadataAsync(string name, string version, CancellationToken cancellationToken)
    {
        using var lease = await sentiment.AcquireAsync(name, version, cancellationToken);
        return KServeDescriptions.Metadata(lease.Model, Served(lease.Model.Name).Select(model => model.Version));
    }

    public async Task<ModelConfigResponse> ConfigAsync(string name, string version, CancellationToken cancellationToken)
    {
        using var lease = await sentiment.AcquireAsync(name, version, cancellationToken);
        return new ModelConfigResponse { Config = KServeDescriptions.Config(lease.Model, options.MaxBatchTexts) };
    }

    /// <summary>Of one model, or of all when no name is given.</summary>
    public ModelStatisticsResponse Statistics(string name, string version)
    {
        ServedModel[] wanted = [.. catalog.Models.Select(entry => entry.Model)
            .Where(model => (name.Length == 0 || model.Name == name) && (version.Length == 0 || model.Version == version))];
        if (name.Length > 0 && wanted.Length == 0)
        {
            throw new CallError(ErrorKind.NotFound, $"no model '{name}'{(version.Length > 0 ? $" of version '{version}'" : "")}.", "name").ToRpcException();
        }

        return new ModelStatisticsResponse { ModelStats = { wanted.Select(KServeDescriptions.Statistics) } };
    }

    /// <summary>The models that are served, and those of the --models directory that could be.</summary>
    public RepositoryIndexResponse Index(bool readyOnly)
    {
        var served = catalog.Models.Select(entry => entry.Model).ToArray();
        var response = new RepositoryIndexResponse();
        response.Models.Add(served.Select(model => new RepositoryIndexResponse.Types.ModelIndex { Name = model.Name, Version = model.Version, State = "READY" }));
        if (!readyOnly)
        {
            response.Models.Add(repository.Names.Except(served.Select(model => model.Name))
                .Select(name => new RepositoryIndexResponse.Types.ModelIndex { Name = name, State = "UNAVAILABLE", Reason = "not loaded" }));
        }

        return response;
    }

    /// <summary>Loads a model of the --models directory, or reads a served one again and swaps it. Triton's parameters, which replace the configuration or the files, are refused.</summary>
    public async Task LoadAsync(string name, IEnumerable<string> parameters, CancellationToken cancellationToken)
    {
        if (parameters.FirstOrDefault() is { } parameter)
        {
            throw new CallError(ErrorKind.Unimplemented, $"parameters: '{parameter}' is not taken; a model is served as the files in its folder say.", "parameters").ToRpcException();
        }

        if (Served(name).Any())
        {
            await AdminService.AnswerAsync(name, logger, () => catalog.SwapAsync(name, "", path: null, "", cancellationToken));
            return;
        }

        var path = repository.PathOf(name)
            ?? throw new CallError(ErrorKind.NotFound, $"no model '{name}' is served, and there is no such folder in the --models directory.", "model_name").ToRpcException();
        await AdminService.AnswerAsync(name, logger, () => catalog.LoadAsync(new ModelSource(name, "", path), cancellationToken));
    }

    public Task UnloadAsync(string name, CancellationToken cancellationToken) => AdminService.AnswerAsync(name, logger, async () =>
    {
        await catalog.UnloadAsync(name, "", cancellationToken);
        return true;
    });

    private IEnumerable<ServedModel> Served(string name) => catalog.Models.Select(entry => entry.Model).Where(model => model.Name == name);
}
