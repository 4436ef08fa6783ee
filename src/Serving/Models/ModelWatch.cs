
namespace LoraOnnx.Serving.Models;

/// <summary>
/// Looks at the files of the served models and at the folders of the --models directory, and swaps, loads and unloads. A change counts when two looks
/// in a row see it the same, so that files are not read while they are being copied; one that cannot be used is tried again only when it changes
/// again. While a directory itself cannot be listed, what is served stays.
/// </summary>
internal sealed class ModelWatch(
    ModelCatalog catalog, ModelRepository repository, ServingOptions options, TimeProvider time, ILogger<ModelWatch> logger) : BackgroundService
{
    private Dictionary<string, string> _before = []; // stamps of the look before, by path
    private Dictionary<string, string> _stamps = []; // stamps of this look, by path
    private readonly Dictionary<string, string> _failed = []; // stamp that could not be used, by path
    private HashSet<string> _folders = [.. repository.Names];
    private string? _unlistable; // why a directory could not be listed at the look before; said once

    /// <summary>One look. Not thread-safe.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        (_before, _stamps) = (_stamps, _before);
        _stamps.Clear();
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
            try
            {
                await LookAsync(stoppingToken);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                // Whatever a disk does to one look, the next one comes; nobody would see that the watch has ended.
                ServingLog.LookFailed(logger, failure.Message);
            }
        }
    }

    private async Task LookAtFoldersAsync(CancellationToken cancellationToken)
    {
        var folders = repository.Names;
        var unlistable = repository.Unlistable; // asked after the names: a directory that was away for them must not look empty
        if (unlistable is not null)
        {
            if (unlistable != _unlistable)
            {
                ServingLog.LookFailed(logger, $"{unlistable} What is served stays.");
            }

            _unlistable = unlistable;
            return;
        }

        _unlistable = null;
        var served = catalog.Models;
        foreach (var name in folders.Where(name => !_folders.Contains(name) && served.All(entry => entry.Model.Name != name)))
        {
            var source = repository.SourceOf(name)!; // listed just now
            if (IsNew(source.Path, ""))
            {
                await TryAsync(source.Path, name, () => catalog.LoadAsync(source, cancellationToken));
            }
        }

        foreach (var (model, path, _) in served
            .Where(entry => _folders.Contains(entry.Model.Name) && !folders.Contains(entry.Model.Name) && !Path.Exists(entry.Path)))
        {
            await TryAsync(path, model.Name, () => catalog.UnloadAsync(model.Name, model.Version, cancellationToken));
        }

        // A folder counts as known once it is served: one that failed is tried again when it changes.
        _folders = [.. folders.Where(name => _folders.Contains(name) || catalog.Models.Any(entry => entry.Model.Name == name))];
    }

    /// <summary>Whether the files differ from those in use, have settled, and have not failed as they are.</summary>
    private bool IsNew(string path, string inUse)
    {
        if (!_stamps.TryGetValue(path, out var stamp))
        {
            _stamps[path] = stamp = FilesStamp.Of(path); // once a look, also for two models of the same files
        }

        return stamp.Length > 0 && stamp != inUse && _before.GetValueOrDefault(path) == stamp && _failed.GetValueOrDefault(path) != stamp;
    }

    private async Task TryAsync(string path, string name, Func<Task> change)
    {
        try
        {
            await change();
        }
        catch (Exception failure) when (failure is InputException or ModelNotFoundException or ModelExistsException)
        {
            _failed[path] = _stamps.GetValueOrDefault(path, "");
            ServingLog.LoadFailed(logger, name, failure.Message);
        }
        catch (OutOfMemoryException failure)
        {
            // Not the file's fault: tried again at the next look, and no reason to look at no other model.
            ServingLog.LoadFailed(logger, name, failure.Message);
        }
    }
}
