using LoraOnnx.Model;

namespace LoraOnnx.Serving.Models;

/// <summary>
/// Looks at the files of the served models and at the folders of the --models directory, and swaps, loads and unloads. A change counts when two looks in a row
/// see it the same, so that files are not read while they are being copied; one that cannot be used is tried again only when it changes again.
/// </summary>
internal sealed class ModelWatch(ModelCatalog catalog, ModelRepository repository, ServingOptions options, TimeProvider time, ILogger<ModelWatch> logger) : BackgroundService
{
    private readonly Dictionary<string, string> _seen = []; // stamp of the last look, by path
    private readonly Dictionary<string, string> _failed = []; // stamp that could not be used, by path
    private HashSet<string> _folders = [.. repository.Names];

    /// <summary>One look. Not thread-safe.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        foreach (var (model, path, _) in catalog.Models)
        {
            if (IsNew(path, model.FilesStamp))
            {
                await TryAsync(path, model.Name, () => catalog.SwapAsync(model.Name, model.Version, path: null, "", cancellationToken));
            }
        }

        await LookAtFoldersAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Watch <= TimeSpan.Zero)
        {
            return;
        }

        using var timer = new PeriodicTimer(options.Watch, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await LookAsync(stoppingToken);
        }
    }

    private async Task LookAtFoldersAsync(CancellationToken cancellationToken)
    {
        var folders = repository.Names;
        var served = catalog.Models;
        foreach (var name in folders.Where(name => !_folders.Contains(name) && served.All(entry => entry.Model.Name != name)))
        {
            var path = repository.PathOf(name)!; // listed just now
            if (IsNew(path, ""))
            {
                await TryAsync(path, name, () => catalog.LoadAsync(new ModelSource(name, "", path), cancellationToken));
            }
        }

        foreach (var (model, path, _) in served.Where(entry => _folders.Contains(entry.Model.Name) && !folders.Contains(entry.Model.Name) && !Path.Exists(entry.Path)))
        {
            await TryAsync(path, model.Name, async () =>
            {
                await catalog.UnloadAsync(model.Name, model.Version, cancellationToken);
                return true;
            });
        }

        // A folder counts as known once it is served: one that failed is tried again when it changes.
        _folders = [.. folders.Where(name => _folders.Contains(name) || catalog.Models.Any(entry => entry.Model.Name == name))];
    }

    /// <summary>Whether the files differ from those in use, have settled, and have not failed as they are.</summary>
    private bool IsNew(string path, string inUse)
    {
        var stamp = FilesStamp.Of(path);
        var settled = _seen.TryGetValue(path, out var last) && last == stamp;
        _seen[path] = stamp;
        return settled && stamp.Length > 0 && stamp != inUse && _failed.GetValueOrDefault(path) != stamp;
    }

    private async Task TryAsync<T>(string path, string name, Func<Task<T>> change)
    {
        var stamp = _seen.GetValueOrDefault(path, "");
        try
        {
            await change();
        }
        catch (Exception failure) when (failure is InputException or ModelNotFoundException or ModelExistsException)
        {
            _failed[path] = stamp;
            ServingLog.LoadFailed(logger, name, failure.Message);
        }
    }
}
