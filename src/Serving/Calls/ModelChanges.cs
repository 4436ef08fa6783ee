using LoraOnnx.Inference;
using LoraOnnx.Inference.Variants;
using LoraOnnx.Serving.Models;

namespace LoraOnnx.Serving.Calls;

/// <summary>A model that came, and the version that it replaced; empty where it replaced none.</summary>
internal sealed record ModelChange(ServedModel Model, string Replaced);

/// <summary>Changes of what is served, as callers ask for them. Knows no protocol.</summary>
internal sealed class ModelChanges(ModelCatalog catalog, ModelRepository repository, ILogger<ModelChanges> logger)
{
    /// <summary>Loads a further model or version. Empty path: the folder of that name in the --models directory.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="version">Its version; empty: from its hash.</param>
    /// <param name="path">An ONNX file or its directory, a run, an adapter or a head.</param>
    /// <param name="onto">Of an adapter or head: the model that it runs on; empty: the one that it was trained on, or the only one.</param>
    /// <param name="weight">What an adapter is multiplied by; null: 1.</param>
    /// <param name="cancellationToken">The caller is gone.</param>
    public async Task<CallResult<ModelChange>> LoadAsync(
        string name, string version, string path, string onto, double? weight, CancellationToken cancellationToken)
    {
        if (onto.Length > 0 && Name(onto, "base") is { } wrongBase)
        {
            return wrongBase;
        }

        if (weight is { } given && !double.IsFinite(given))
        {
            return CallError.Invalid("weight", "is not finite.");
        }

        if (Name(name, "name") is { } wrong)
        {
            return wrong;
        }

        if (version.Length > 0 && Name(version, "version") is { } wrongVersion)
        {
            return wrongVersion;
        }

        var source = path.Length > 0 ? Source(name, version, path) : repository.SourceOf(name) is { } known ? known with { Version = version } : null;
        return source is not null
            ? await AnswerAsync(name, async () =>
                new ModelChange(await catalog.LoadAsync(Onto(source, onto, weight), cancellationToken), ""), cancellationToken)
            : CallError.Invalid("path", "is empty, and there is no such folder in the --models or --adapters directory.");
    }

    /// <summary>A directory without an ONNX file is an adapter where it looks like one, or a head.</summary>
    private static ModelSource Source(string name, string version, string path) => new(name, version, path)
    {
        Variant = Directory.Exists(path) && ModelFiles.TryFind(path) is null
            ? VariantSource.IsAdapter(path) ? new VariantSource(path) : VariantSource.IsHeadOnly(path) ? new VariantSource(path, IsHead: true) : null
            : null,
    };

    private static ModelSource Onto(ModelSource source, string onto, double? weight) => source.Variant is not { } variant ? source
        : source with { Base = onto.Length > 0 ? onto : null, Variant = variant with { Weight = weight ?? 1 } };

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
