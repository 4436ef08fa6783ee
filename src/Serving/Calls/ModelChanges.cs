using LoraOnnx.Serving.Models;

namespace LoraOnnx.Serving.Calls;

/// <summary>A model that came, and the version that it replaced; empty where it replaced none.</summary>
internal sealed record ModelChange(ServedModel Model, string Replaced);

/// <summary>Changes of what is served, as callers ask for them. Knows no protocol.</summary>
internal sealed class ModelChanges(ModelCatalog catalog, ModelRepository repository, ILogger<ModelChanges> logger)
{
    /// <summary>Loads a further model or version. Empty path: the folder of that name in the --models directory.</summary>
    public async Task<CallResult<ModelChange>> LoadAsync(string name, string version, string path, CancellationToken cancellationToken)
    {
        if (Name(name, "name") is { } wrong)
        {
            return wrong;
        }

        if (version.Length > 0 && Name(version, "version") is { } wrongVersion)
        {
            return wrongVersion;
        }

        return (path.Length > 0 ? path : repository.PathOf(name)) is { } found
            ? await AnswerAsync(name, async () =>
                new ModelChange(await catalog.LoadAsync(new ModelSource(name, version, found), cancellationToken), ""), cancellationToken)
            : CallError.Invalid("path", "is empty, and there is no such folder in the --models directory.");
    }

    /// <summary>Replaces the newest version of a name. Empty path: its present one, read again.</summary>
    public async Task<CallResult<ModelChange>> SwapAsync(string name, string version, string path, CancellationToken cancellationToken)
    {
        if (Name(name, "name") is { } wrong)
        {
            return wrong;
        }

        if (version.Length > 0 && Name(version, "version") is { } wrongVersion)
        {
            return wrongVersion;
        }

        return await AnswerAsync(name, async () =>
        {
            var (model, replaced) = await catalog.SwapAsync(name, "", path.Length > 0 ? path : null, version, cancellationToken);
            return new ModelChange(model, replaced);
        }, cancellationToken);
    }

    /// <summary>Stops serving a name, or one version of it.</summary>
    /// <returns>What is wrong, or null.</returns>
    public async Task<CallError?> UnloadAsync(string name, string version, CancellationToken cancellationToken)
    {
        if (Name(name, "name") is { } wrong)
        {
            return wrong;
        }

        if (version.Length > 0 && Name(version, "version") is { } wrongVersion)
        {
            return wrongVersion;
        }

        return (await AnswerAsync(name, async () =>
        {
            await catalog.UnloadAsync(name, version, cancellationToken);
            return "";
        }, cancellationToken)).Error;
    }

    /// <summary>Turns the catalog's exceptions into errors; files that cannot be used are logged, too.</summary>
    private async Task<CallResult<T>> AnswerAsync<T>(string model, Func<Task<T>> change, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return await change();
        }
        catch (ModelNotFoundException missing)
        {
            return new CallError(ErrorKind.NotFound, missing.Message, "name");
        }
        catch (ModelExistsException exists)
        {
            return new CallError(ErrorKind.AlreadyExists, exists.Message, "name");
        }
        catch (InputException failure)
        {
            ServingLog.LoadFailed(logger, model, failure.Message);
            return new CallError(ErrorKind.FailedPrecondition, MachinePaths.Cut(failure.Message), "path");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return CallError.ShuttingDown;
        }
    }

    private static CallError? Name(string name, string field) => ModelSource.IsName(name)
        ? null
        : CallError.Invalid(field, $"expected letters, digits, '-', '_' and '.', at most {ModelSource.LongestName}.");
}
